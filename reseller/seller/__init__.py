"""The client API of the BILLmanager that sells to us: one function for each call, over HTTPS with a client's
account.
"""
