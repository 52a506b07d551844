"""Every statement that a server is asked to run, and whether MySQL would.

MySQL, and MariaDB before 10.3.1, refuse to change a table that a subquery of the same statement reads (error 1093);
newer ones of MariaDB do it. So that runs on these notice such a statement, the server keeps them all.
"""

import re

_CHANGE = re.compile(r"\s*(?:UPDATE|DELETE\s+FROM)\s+`?(\w+)`?\s", re.IGNORECASE)
#: what reseller/mgr5/panel.py sends on each new connection before anything else
_FIRST = "SET time_zone='+00:00', sql_mode="
_GROUPED = re.compile(r"\bJOIN\s*\(SELECT\b(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\bGROUP\s+BY\s+[\w.]+\)", re.IGNORECASE)


def keep(server):
    """Have the server keep what it is asked, from now on; `server` is a cursor of its administrator."""
    server.execute("SET GLOBAL log_output = 'TABLE'")
    server.execute("SET GLOBAL general_log = ON")


def kept(server):
    """All statements since then, as they arrived."""
    server.execute("SELECT DISTINCT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log")
    return [row["said"] for row in server.fetchall()]


def of_the_program(server):
    """Of all statements since then those that the program has sent: on connections that begin as its own do."""
    server.execute(
        "SELECT thread_id, CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log WHERE command_type = 'Query'"
    )
    rows = server.fetchall()
    threads = {row["thread_id"] for row in rows if row["said"].startswith(_FIRST)}
    return {row["said"] for row in rows if row["thread_id"] in threads}


def reads_what_it_changes(statement):
    """Whether it is an UPDATE or DELETE of a table that it also selects from."""
    change = _CHANGE.match(statement)
    if change is None:
        return False
    # A grouped derived table is made before anything is changed.
    statement = _GROUPED.sub("", statement)
    return bool(re.search(rf"\b(?:FROM|JOIN)\s+`?{change[1]}\b", statement[change.end() :], re.IGNORECASE))
