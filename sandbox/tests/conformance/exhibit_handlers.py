"""Handlers of every kind and stage; read by test_handler_runtime.py and test_handler_documents.py."""

from sandbox.tests.conformance.exhibit import Exhibit

XML = """<mgrdata>
  <handler name="exhibit" type="xml">
    <func name="rt.form"/><func name="rt.list"/><func name="rt.delete"/><func name="rt.limited" level="admin+"/>
    <event name="rt.list" after="yes" base="#10000"/>
    <event name="tool.clearcache" before="yes" after="yes" final="yes"/>
  </handler>
  <handler name="exhibit_cgi" type="cgi">
    <func name="rt.cgi"/>
    <event name="rt.form" after="yes" postdata="yes"/><event name="keepalive" final="yes" sessiondata="yes"/>
    <event name="vds.delete" before="yes"/>
  </handler>
  <handler name="exhibit_low" type="xml"><event name="rt.list" after="yes" base="#5"/></handler>
  <handler name="exhibit_high" type="xml"><event name="rt.list" after="yes" base="#7"/></handler>
  <handler name="exhibit_soft" type="xml" ignore_errors="yes"><event name="datacenter" after="yes"/></handler>
  <handler name="exhibit_back" type="cgi">
    <event name="whoami" background="yes"/><event name="checkevent" background="yes" sessiondata="yes"/>
    <event name="rt.cgi" async="yes"/></handler>
  <metadata name="rt.form" type="form"><form><field name="f"><input name="f"/></field></form></metadata>
  <metadata name="rt.list" type="list" key="id"><toolbar>
    <toolbtn func="rt.delete" type="group" name="delete"/></toolbar><coldata><col name="id" type="data"/></coldata>
  </metadata>
  <lang name="en"><messages name="rt.form"><msg name="title">Form</msg></messages></lang>
</mgrdata>"""


def installed(panel):
    """The plug-in in a panel, and out of it again."""
    made = Exhibit(panel)
    made.install(("billmgr_mod_runtime.xml", XML))
    yield made
    (made.panel.base / "etc/xml/billmgr_mod_runtime.xml").unlink()
    made.clear()
    made.restart()
