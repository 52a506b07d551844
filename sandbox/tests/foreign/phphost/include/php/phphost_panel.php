<?php
/** How pmphphost.php speaks with the panel it lives in: log, errors, mgrctl, database, stdin. */

const MGRCTL = "/usr/local/mgr5/sbin/mgrctl -m billmgr -o xml";
const LOG_FILE = "/usr/local/mgr5/var/pmphphost.log";
const EMPTY_DOC = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<doc/>\n";

function WriteLog($level, $colour, $text) {
	$line = sprintf("%s [%d] %s \033[%sm%s %s\033[0m\n", date("M j H:i:s"), getmypid(), MODULE, $colour, $level, $text);
	@file_put_contents(LOG_FILE, $line, FILE_APPEND | LOCK_EX);
}

function Debug($text) {
	WriteLog("DEBUG", "1;33", $text);
}

/** A failure the panel understands: type, object and value as in its own error documents. */
class PanelError extends Exception {
	public $object;
	public $value;
	public $param;

	public function __construct($type, $object = "", $value = "", $param = array()) {
		parent::__construct($type);
		$this->object = (string)$object;
		$this->value = (string)$value;
		$this->param = $param;
		WriteLog("ERROR", "1;31", "$type object='{$this->object}' value='{$this->value}'");
	}

	public function Type() {
		return $this->getMessage();
	}

	private function AddErrorNode($parent) {
		$error = $parent->addChild("error");
		$error->addAttribute("type", $this->Type());
		if ($this->object !== "") {
			$error->addAttribute("object", $this->object);
		}
		if ($this->value !== "") {
			$error->addAttribute("value", $this->value);
			AddText($error, "param", $this->value)->addAttribute("name", "value");
		}
		foreach ($this->param as $name => $value) {
			AddText($error, "param", $value)->addAttribute("name", $name);
		}
		return $error;
	}

	public function Document() {
		$doc = simplexml_load_string(EMPTY_DOC);
		$this->AddErrorNode($doc);
		return $doc->asXML();
	}

	/** The text kept with a running operation: whose module failed, when and why. */
	public function ModuleDocument($module, $name) {
		$doc = simplexml_load_string(EMPTY_DOC);
		$now = date("Y-m-d H:i:s");
		$node = $doc->addChild("processingmodule");
		$node->addAttribute("date", $now);
		$node->addAttribute("id", $module);
		$node->addAttribute("name", $name);
		$error = $this->AddErrorNode($node);
		$error->addAttribute("date", $now);
		AddText($error, "backtrace", $this->getTraceAsString());
		AddText($node, "custommessage", "Node of the hosting refused: " . $this->Type())->addAttribute("type", "error");
		$this->AddErrorNode($doc);
		return $doc->asXML();
	}
}

/** addChild() leaves ampersands to the caller; this does not. */
function AddText($parent, $name, $text) {
	$node = $parent->addChild($name);
	$node[0] = (string)$text;
	return $node;
}

/** Calls the panel; an error document is a failure whatever mgrctl exits with. */
function LocalQuery($func, $param = array()) {
	$cmd = MGRCTL . " " . escapeshellarg($func);
	foreach ($param as $key => $value) {
		$cmd .= " " . escapeshellarg($key . "=" . $value);
	}

	$out = array();
	$code = 0;
	exec($cmd . " 2>/dev/null", $out, $code);
	$text = trim(implode("\n", $out));
	Debug("$func: exit $code, " . strlen($text) . " bytes");

	if ($text === "") {
		if ($code !== 0) {
			throw new PanelError("process", $func, $code);
		}
		return simplexml_load_string(EMPTY_DOC);
	}
	$doc = @simplexml_load_string($text);
	if ($doc === false) {
		throw new PanelError("client", "open", "billmgr", array("func" => $func, "code" => $code));
	}
	if (isset($doc->error)) {
		throw new PanelError("process", $func, (string)$doc->error["type"], array("msg" => (string)$doc->error->msg));
	}
	if ($code !== 0) {
		throw new PanelError("process", $func, $code);
	}
	return $doc;
}

function Connect() {
	$param = array("DBHost" => "localhost", "DBUser" => "root", "DBPassword" => "", "DBName" => "billmgr", "DBSocket" => "");
	foreach (LocalQuery("paramlist")->xpath("//elem/*") as $node) {
		$param[$node->getName()] = (string)$node;
	}

	$host = $param["DBHost"];
	$port = 3306;
	if (preg_match('/^([^:]+):(\d+)$/', $host, $part)) {
		list(, $host, $port) = $part;
	}
	mysqli_report(MYSQLI_REPORT_OFF);
	$db = mysqli_init();
	$db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 5);
	$socket = $param["DBSocket"] === "" ? null : $param["DBSocket"];
	if (!@$db->real_connect($host, $param["DBUser"], $param["DBPassword"], $param["DBName"], (int)$port, $socket)) {
		throw new PanelError("db", "connect", mysqli_connect_error());
	}
	$db->set_charset("utf8");
	return $db;
}

function Database() {
	static $db = null;
	if ($db === null) {
		$db = Connect();
	}
	return $db;
}

/** Runs a statement; each "?" becomes the next argument as quoted text, null as NULL. */
function Query($sql, $args = array()) {
	$db = Database();
	$part = explode("?", $sql);
	$text = array_shift($part);
	foreach ($part as $index => $rest) {
		$value = $args[$index];
		$text .= ($value === null ? "NULL" : "'" . $db->real_escape_string((string)$value) . "'") . $rest;
	}
	$res = $db->query($text);
	if ($res === false) {
		throw new PanelError("db", "query", $db->error);
	}
	return $res === true ? array() : $res->fetch_all(MYSQLI_ASSOC);
}

function Stdin() {
	$doc = @simplexml_load_string(stream_get_contents(STDIN));
	if ($doc === false) {
		throw new PanelError("xml", "stdin");
	}
	return $doc;
}
