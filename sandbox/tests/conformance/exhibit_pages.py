"""Interface files with one example of everything platform.md 1 knows of; read by test_interface_files.py."""

ONE = """<?xml version="1.0" encoding="UTF-8"?>
<mgrdata>
  <plugin name="exhibit"><group>processing_module</group><author>Foreign</author>
    <params><priority lang="ru">3700</priority><type name="vds"/></params>
    <msg name="desc_short" lang="en">Short</msg><msg name="price" lang="en">Free</msg></plugin>
  <plugin name="exhibit2"><group>gateway</group></plugin>
  <library name="exhibit"/>
  <mainmenu level="admin+">
    <node name="account"><node name="ex.list" favorite="yes"/></node>
    <modernmenu><node name="ex_group" icon="m-plugin" type="noname"><node name="ex.list" icon="m-plugin"/></node>
      <node name="ex_admin" level="admin+"/></modernmenu>
  </mainmenu>
  <handler name="exhibit" type="xml">
    <func name="ex.list"/><func name="ex.form"/><func name="ex.levels"/><func name="ex.merge"/><func name="ex.admin"/>
    <func name="ex.report"/><func name="ex.order"/><func name="ex.data"/><func name="ex.dist"/>
    <func name="checkexhibit"/><func name="ex.dashboard"/>
  </handler>
  <handler name="exhibit_cgi" type="cgi"><event after="yes" name="keepalive" postdata="yes"/></handler>
  <metadata name="ex.list" type="list" key="id" keyname="text" autoupdate="15" selficon="service" mgr="billmgr">
    <toolbar view="buttontext"><toolgrp name="one">
      <toolbtn func="ex.form" type="edit" default="yes" img="t-edit" name="params" sprite="yes">
        <hide name="isinstalled" value="off"/></toolbtn></toolgrp></toolbar>
    <coldata><col name="id" type="data" sort="digit" sorted="yes" width="10"/>
      <col name="text" type="msg"><prop name="p" img="i"/></col>
      <col name="secret" type="data" level="admin+"/></coldata>
  </metadata>
  <metadata name="ex.levels" type="form"><form>
    <field name="a"><input name="n16" level="16"/><input name="n29" level="29"/><input name="both" level="16 29"/>
      <input name="user" level="user"/><input name="adminplus" level="admin+"/><input name="any" level="all"/>
      <input name="nobodyplus" level="nobody+"/><input name="userplus" level="user+"/>
      <input name="resellerplus" level="reseller+"/><input name="superplus" level="super+"/>
      <input name="rootplus" level="root+"/><input name="mailboxplus" level="mailbox+"/>
      <input name="feature" if="ex_feature"/><input name="plain"/></field></form></metadata>
  <metadata name="ex.data" type="form"><form><field name="f">
    <input name="input_x" level="admin+"/><select name="select_x" level="admin+"/>
    <slider name="slider_x" level="admin+"/>
    <textarea name="textarea_x" level="admin+"/><text name="text_x" level="admin+"/>
    <htmldata name="htmldata_x" level="admin+"/></field></form></metadata>
  <metadata name="ex.order" type="form"><form>
    <field name="b"/><field name="c"/><field name="d"/><field name="z" first="yes"/><field name="y" before="c"/>
    <field name="x" after="c"/><page name="c"/><field name="a" last="yes"/></form></metadata>
  <metadata name="ex.merge" type="form" one="1" both="1">
    <toolbar><toolsep/><toolbtn name="btn" img="a" func="f"><show name="s" value="1"/><hide name="s" value="2" x="1"/>
      <hide name="s" value="3"/></toolbtn>
      <toolgrp name="g"><toolbtn name="in" img="a"/></toolgrp></toolbar>
    <include name="inc" from="one"/><strange name="n" a="1"/>
    <form><page name="p"><field name="f1"/></page></form></metadata>
  <metadata name="ex.admin" type="form" level="admin+"><form/></metadata>
  <metadata name="ex.dashboard" type="dashboard"><block name="b"/></metadata>
  <metadata name="ex.report" type="report"><band name="function">
    <diagram name="func" label="n" data="n" type="pie"/><col name="n" type="data" total="count" link="yes"/>
    <band name="user"><col name="m" type="data" total="sum" sort="digit" sorted="desc"/></band></band></metadata>
  <metadata name="ex.query" type="report" level="admin+"><band name="users"><query>SELECT name FROM user</query>
    <col name="name" type="data"/></band></metadata>
  <metadata name="ex.action" type="report"><band name="found"><action>processing</action></band></metadata>
  <metadata name="ex.firstrun" type="report" firstrun="no"><form><period/></form>
    <band name="users"><query>SELECT name FROM user WHERE name = 'admin'</query></band></metadata>
  <metadata name="ex.dist" type="form"><form><field name="f">
    <input name="dist_old" dist="5.0"/><input name="dist_new" dist="7.0"/>
    <input name="eqdist_same" eqdist="6.100.0"/><input name="eqdist_other" eqdist="6.99.0"/>
    <input name="maxdist_later" maxdist="7.0"/><input name="maxdist_earlier" maxdist="6.0"/>
    <input name="ifmgr_ours" ifmgr="vmmgr billmgr"/><input name="ifmgr_other" ifmgr="vmmgr ispmgr"/>
    </field></form></metadata>
  <metadata name="ex.form" type="form" title="name"><form>
    <page name="main"><field name="checked"><input type="text" name="checked" check="exhibit" checkargs="1,9"/></field>
      <field name="needed"><input type="text" name="needed" required="yes"/></field>
      <field name="lines"><textarea name="lines" zoom="yes" check="int" checkargs="1,5"/></field>
      <field name="new" remove_if="edit"><input name="new"><if value="on" hide="old"/></input></field>
      <field name="old" remove_if="new"><input name="old"/></field>
      <field name="table"><list name="table" type="table"><col name="id"/><col name="s" level="admin+"/></list></field>
      <field name="frame"><frame name="frame" fullpage="yes"/></field></page>
    <buttons><button name="ok" type="ok"/></buttons></form></metadata>
  <metadata name="vds" type="list" key="id" keyname="name" mgr="billmgr">
    <toolbar><toolgrp name="edit" first="yes">
      <toolbtn func="ex.form" name="exbutton" img="t-rights" type="edit" level="user"/></toolgrp></toolbar></metadata>
  <metadata name="vds.edit" type="form" mgr="billmgr"><form><page name="service">
    <field name="exfield" after="domain"><input type="toggle" name="exfield"/></field></page></form></metadata>
  <lang name="en">
    <messages name="desktop"><msg name="menu_ex.list">Exhibits</msg><msg name="modernmenu_ex_group">Group</msg>
      <msg name="modernmenu_ex.list">Exhibits now</msg></messages>
    <messages name="ex.list"><msg name="title">List</msg><msg name="text">Text</msg><msg name="short_params">Do</msg>
      <msg name="hint_params">Do it</msg><msg name="hint_params_disabled">Not now</msg>
      <msg name="msg_ex.list_params">Sure?</msg></messages>
    <messages name="ex.form"><msg name="title">Form</msg><msg name="title_new">New form</msg><msg name="main">Page</msg>
      <msg name="checked">Field</msg><msg name="hint_checked">Hint</msg><msg name="table_id">Id</msg>
      <include name="ex_common"/></messages>
    <messages name="ex_common"><msg name="shared" rename="no">Shared</msg></messages>
    <messages name="vds"><msg name="short_exbutton" added="common">Exhibit</msg></messages>
    <messages name="plugin"><msg name="desc_short_exhibit2">Short two</msg></messages>
  </lang>
</mgrdata>"""
TWO = """<mgrdata>
  <metadata name="ex.merge" type="form" both="2" two="2">
    <toolbar><toolsep/><toolbtn name="btn" img="b"><show name="s" value="1" x="2"/><hide name="s" value="2"/></toolbtn>
      <toolgrp name="g"><toolbtn name="in" img="b"/><toolbtn name="more"/></toolgrp></toolbar>
    <include name="inc" from="two"/><strange name="n" a="2"/>
    <form><page name="p" collapsed="yes"><field name="f2"/></page></form></metadata>
</mgrdata>"""
OTHER = '<mgrdata><handler name="exhibit" type="xml"><func name="ex.other"/></handler></mgrdata>'
