"""`resellerctl doctor`: does this installation work, and what to do where it does not.

A check looks at one thing and yields findings: what was found beside what is expected, and the command that mends it.
It never changes anything. Each check runs in a process of its own, under a deadline (runner.py), so that one that
hangs or crashes is a result of that check alone and ends no other. Rules are those of the program itself, called and
not written again: the connection is checked as by the connection form, the age of the last run as by `status`.
"""
