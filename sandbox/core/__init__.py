"""The panel's core: it takes calls over HTTP and from mgrctl, runs functions, handlers and the operation queue."""
