#!/usr/bin/php
<?php
/**
 * pmphphost.php: processing module that sells shared hosting on a "node", which is a
 * directory below /usr/local/mgr5/var/phphost. See README.md next to this plug-in.
 */

date_default_timezone_set("UTC");
ini_set("display_errors", "stderr");

const MODULE = "pmphphost.php";

set_include_path(get_include_path() . PATH_SEPARATOR . "/usr/local/mgr5/include/php");
require_once "phphost_panel.php";

const NODES = "/usr/local/mgr5/var/phphost";

const SERVICE_ACTIVE = "2";
const SERVICE_ABSENT = "4";
const SERVICE_SUSPENDED = "8";
const ADDON_BOOLEAN = "1";
const ADDON_ENUMERATION = "3";
const STATISTICS = "3";
const TRIAL = "-100";
const ITEM_ACTIVE = 2;
const ITEM_SUSPENDED = 3;

function Item($id) {
	$rows = Query("SELECT i.id, i.processingmodule, i.period, i.status, i.expiredate, i.remoteid, i.pricelist,
			p.intname AS plan, p.name AS plan_name, it.intname AS itemtype
		FROM item i
		JOIN pricelist p ON p.id = i.pricelist
		JOIN itemtype it ON it.id = p.itemtype
		WHERE i.id = ?", array($id));
	if (count($rows) !== 1) {
		throw new PanelError("missed", "item", $id);
	}
	$item = $rows[0];
	foreach (Query("SELECT intname, value FROM itemparam WHERE item = ?", array($id)) as $row) {
		$item["param"][$row["intname"]] = $row["value"];
	}
	if (empty($item["param"]["domain"])) {
		throw new PanelError("missed", "domain", $id);
	}
	return $item;
}

/** What the client has of each addon of his tariff: an addon that he never touched has no item, and counts as the tariff gives it. */
function ItemAddons($id) {
	$limits = array();
	$rows = Query("SELECT IFNULL(NULLIF(p.intname, ''), it.intname) AS intname, p.addontype, p.billtype, i.period, a.intvalue,
			IFNULL(a.boolvalue, p.addonbool) AS switched, IFNULL(a.addonlimit, p.addonlimit) AS included,
			IFNULL(a.addonmax, p.addonmax) AS most, IFNULL(a.addonmaxtrial, p.addonmaxtrial) AS trialmost,
			e.intname AS choice
		FROM item i
		JOIN pricelist p ON p.parent = i.pricelist AND p.active = 'on'
		LEFT JOIN item a ON a.parent = i.id AND a.pricelist = p.id
		LEFT JOIN itemtype it ON it.id = p.itemtype
		LEFT JOIN enumerationitem e ON e.id = IFNULL(a.enumerationitem, p.enumerationitem)
		WHERE i.id = ?", array($id));
	foreach ($rows as $row) {
		if ($row["addontype"] === ADDON_ENUMERATION) {
			$limits[$row["intname"]] = $row["choice"];
		} elseif ($row["addontype"] === ADDON_BOOLEAN) {
			$limits[$row["intname"]] = $row["switched"];
		} else {
			// What is ordered comes on top of what is included; of statistics it is the maximum that counts.
			$total = $row["billtype"] === STATISTICS ? (int)$row["most"] : (int)$row["included"] + (int)$row["intvalue"];
			$capped = $row["period"] === TRIAL && $row["trialmost"] !== null;
			$limits[$row["intname"]] = $capped ? min($total, (int)$row["trialmost"]) : $total;
		}
	}
	return $limits;
}

/** The hosting node: plain files, so that whoever looks sees what has been done. */
class Node {
	private $dir;

	public function __construct($settings) {
		$name = (string)$settings->node;
		if (!preg_match('/^[a-z0-9][a-z0-9_.-]*$/i', $name)) {
			throw new PanelError("value", "node", $name);
		}
		$this->dir = NODES . "/" . $name;
		if (!is_dir($this->dir)) {
			throw new PanelError("client", "connect", $name);
		}
		if ((string)$settings->broken === "on") {
			throw new PanelError("client", "bad_response", $name);
		}
		$wanted = @file_get_contents($this->dir . "/node.password");
		if ($wanted !== false && trim($wanted) !== (string)$settings->password) {
			throw new PanelError("auth", "badpassword", $name);
		}
	}

	public static function OfModule($module) {
		return new Node(LocalQuery("processing.edit", array("elid" => $module)));
	}

	private function SiteDir($domain) {
		if (!preg_match('/^[a-z0-9][a-z0-9.-]*$/i', $domain)) {
			throw new PanelError("value", "domain", $domain);
		}
		return $this->dir . "/sites/" . strtolower($domain);
	}

	public function Has($domain) {
		return is_file($this->SiteDir($domain) . "/site.conf");
	}

	public function Read($domain) {
		if (!$this->Has($domain)) {
			throw new PanelError("item_not_exists", "domain", $domain);
		}
		$site = array();
		foreach (file($this->SiteDir($domain) . "/site.conf", FILE_IGNORE_NEW_LINES) as $line) {
			list($key, $value) = array_pad(explode("=", $line, 2), 2, "");
			$site[$key] = $value;
		}
		return $site;
	}

	public function Write($domain, $site) {
		$dir = $this->SiteDir($domain);
		if (!is_dir($dir) && !mkdir($dir, 0755, true)) {
			throw new PanelError("client", "write", $domain);
		}
		$text = "";
		foreach ($site as $key => $value) {
			$text .= $key . "=" . str_replace("\n", " ", (string)$value) . "\n";
		}
		if (file_put_contents($dir . "/site.conf.new", $text) === false || !rename($dir . "/site.conf.new", $dir . "/site.conf")) {
			throw new PanelError("client", "write", $domain);
		}
	}

	public function Remove($domain) {
		foreach (glob($this->SiteDir($domain) . "/*") as $file) {
			unlink($file);
		}
		rmdir($this->SiteDir($domain));
	}

	public function Domains() {
		return array_map("basename", glob($this->dir . "/sites/*", GLOB_ONLYDIR));
	}

	public function UsedBytes($domain) {
		return array_sum(array_map("filesize", glob($this->SiteDir($domain) . "/*")));
	}

	public function Balance() {
		$text = @file_get_contents($this->dir . "/node.balance");
		return $text === false ? "0.00" : trim($text);
	}
}

function Features() {
	$doc = simplexml_load_string(EMPTY_DOC);
	$doc->addChild("itemtypes")->addChild("itemtype")->addAttribute("name", "vhost");
	$params = $doc->addChild("params");
	foreach (array("node", "broken", "hosttype", "note_lang") as $name) {
		$params->addChild("param")->addAttribute("name", $name);
	}
	$password = $params->addChild("param");
	$password->addAttribute("name", "password");
	$password->addAttribute("crypted", "yes");
	$features = $doc->addChild("features");
	$names = array_diff(array_keys(Commands()), array("features"));
	foreach ($names as $name) {
		$features->addChild("feature")->addAttribute("name", $name);
	}
	echo $doc->asXML();
}

function CheckConnection() {
	new Node(Stdin()->processingmodule);
	echo EMPTY_DOC;
}

function TuneConnection() {
	$form = Stdin();
	$types = $form->addChild("slist");
	$types->addAttribute("name", "hosttype");
	foreach (array("apache" => "Apache", "nginx" => "Nginx & PHP-FPM") as $key => $label) {
		AddText($types, "val", $label)->addAttribute("key", $key);
	}
	$langs = $form->addChild("slist");
	$langs->addAttribute("name", "note_lang");
	foreach (array("en", "ru") as $lang) {
		$langs->addChild("msg", $lang);
	}
	echo $form->asXML();
}

function SitePlan($item) {
	$site = array("plan" => $item["plan"], "pricelist" => $item["pricelist"]);
	foreach (ItemAddons($item["id"]) as $name => $value) {
		$site["limit_" . $name] = $value;
	}
	return $site;
}

function Open($id) {
	$item = Item($id);
	$node = Node::OfModule($item["processingmodule"]);
	$domain = $item["param"]["domain"];
	$username = "u" . $id;
	if ($node->Has($domain)) {
		$site = $node->Read($domain);
		if ($site["username"] !== $username) {
			throw new PanelError("exists", "domain", $domain);
		}
		$password = $site["password"];
	} else {
		$password = bin2hex(random_bytes(6));
	}
	$node->Write($domain, array(
		"username" => $username,
		"password" => $password,
		"state" => "active",
		"expire" => substr((string)$item["expiredate"], 0, 10),
	) + SitePlan($item));

	LocalQuery("service.saveparam", array("elid" => $id, "name" => "username", "value" => $username, "sok" => "ok"));
	LocalQuery("service.saveparam", array("elid" => $id, "name" => "password", "value" => $password, "crypted" => "on", "sok" => "ok"));
	LocalQuery("service.saveparam", array("elid" => $id, "name" => "homedir", "value" => "/home/$username & www", "sok" => "ok"));

	// No function stores the remote identifier, so it is written directly and the caches are dropped.
	Query("UPDATE item SET remoteid = ? WHERE id = ?", array($username, $id));
	LocalQuery("tool.clearcache");

	LocalQuery("vhost.open", array(
		"elid" => $id, "sok" => "ok", "service_status" => SERVICE_ACTIVE,
		"username" => $username, "password" => $password, "ip" => "192.0.2.10", "domain" => $domain,
	));
}

/** Changes lines of a site's file, then reports to the panel. */
function ChangeSite($id, $change, $report) {
	$item = Item($id);
	$node = Node::OfModule($item["processingmodule"]);
	$domain = $item["param"]["domain"];
	$node->Write($domain, $change($item) + $node->Read($domain));
	LocalQuery($report, array("elid" => $id, "sok" => "ok"));
}

function Suspend($id) {
	ChangeSite($id, function ($item) { return array("state" => "suspended"); }, "service.postsuspend");
}

function Resume($id) {
	ChangeSite($id, function ($item) { return array("state" => "active"); }, "service.postresume");
}

function SetParam($id) {
	ChangeSite($id, "SitePlan", "service.postsetparam");
}

function Prolong($id) {
	ChangeSite($id, function ($item) { return array("expire" => substr((string)$item["expiredate"], 0, 10)); }, "service.postprolong");
}

function Close($id) {
	$item = Item($id);
	$node = Node::OfModule($item["processingmodule"]);
	if ($node->Has($item["param"]["domain"])) {
		$node->Remove($item["param"]["domain"]);
	}
	LocalQuery("service.postclose", array("elid" => $id, "sok" => "ok"));
}

function SyncItem($id) {
	$item = Item($id);
	$node = Node::OfModule($item["processingmodule"]);
	$domain = $item["param"]["domain"];
	if (!$node->Has($domain)) {
		LocalQuery("service.setstatus", array("elid" => $id, "service_status" => SERVICE_ABSENT, "sok" => "ok"));
		return;
	}
	$site = $node->Read($domain);
	$active = $site["state"] === "active";
	if ($active && (int)$item["status"] === ITEM_SUSPENDED) {
		LocalQuery("service.postresume", array("elid" => $id, "sok" => "ok"));
	} elseif (!$active && (int)$item["status"] === ITEM_ACTIVE) {
		LocalQuery("service.postsuspend", array("elid" => $id, "sok" => "ok"));
	}
	LocalQuery("service.setstatus", array("elid" => $id, "service_status" => $active ? SERVICE_ACTIVE : SERVICE_SUSPENDED, "sok" => "ok"));
	if (preg_match('/^\d{4}-\d\d-\d\d$/', $site["expire"])) {
		LocalQuery("service.setexpiredate", array("elid" => $id, "expiredate" => $site["expire"], "sok" => "ok"));
	}
	LocalQuery("service.saveparam", array("elid" => $id, "name" => "username", "value" => $site["username"], "sok" => "ok"));
}

function Statistics($module) {
	$node = Node::OfModule($module);
	$date = date("Y-m-d");
	$measure = Query("SELECT id FROM measure WHERE intname = ?", array("mib"));
	$measure = count($measure) ? $measure[0]["id"] : null;
	$rows = Query("SELECT i.id, d.value AS domain FROM item i
		JOIN itemparam d ON d.item = i.id AND d.intname = 'domain'
		WHERE i.processingmodule = ? AND i.status = ? AND IFNULL(i.parent, 0) = 0", array($module, ITEM_ACTIVE));
	foreach ($rows as $row) {
		if (!$node->Has($row["domain"])) {
			continue;
		}
		$mib = sprintf("%.4f", $node->UsedBytes($row["domain"]) / 1048576);
		Query("INSERT INTO itemstat (item, statdate, param, value, measure) VALUES (?, ?, ?, ?, ?)
			ON DUPLICATE KEY UPDATE value = ?, measure = ?", array($row["id"], $date, "disk", $mib, $measure, $mib, $measure));
	}
	LocalQuery("service.poststat", array("elid" => $module, "date" => $date));
}

function Import($module, $itemtype, $search) {
	$node = Node::OfModule($module);
	$wanted = preg_split('/[\s,]+/', $search, -1, PREG_SPLIT_NO_EMPTY);
	foreach ($node->Domains() as $domain) {
		if (count($wanted) && !in_array($domain, $wanted, true)) {
			continue;
		}
		$known = Query("SELECT i.id FROM item i JOIN itemparam d ON d.item = i.id
			WHERE i.processingmodule = ? AND i.status <> 4 AND d.intname = 'domain' AND d.value = ?", array($module, $domain));
		if (count($known)) {
			continue;
		}
		$site = $node->Read($domain);
		$answer = LocalQuery("processing.import.service", array(
			"sok" => "ok", "module" => $module, "import_itemtype_intname" => $itemtype,
			"import_pricelist_intname" => $site["plan"], "import_service_name" => $domain,
			"status" => $site["state"] === "active" ? ITEM_ACTIVE : ITEM_SUSPENDED,
			"service_status" => $site["state"] === "active" ? SERVICE_ACTIVE : SERVICE_SUSPENDED,
			"expiredate" => $site["expire"], "period" => "1", "domain" => $domain,
		));
		$service = (string)$answer->service_id;
		if ($service === "") {
			throw new PanelError("missed", "service_id", $domain);
		}
		LocalQuery("service.saveparam", array("elid" => $service, "name" => "username", "value" => $site["username"], "sok" => "ok"));
	}
	echo EMPTY_DOC;
}

function GetBalance($module) {
	$rows = $module > 0 ? array(array("id" => $module))
		: Query("SELECT id FROM processingmodule WHERE module = ? AND active = 'on'", array(MODULE));
	$balance = "";
	foreach ($rows as $row) {
		$balance = Node::OfModule($row["id"])->Balance();
		LocalQuery("processing.savebalance", array("processingmodule" => $row["id"], "balance" => $balance, "sok" => "ok"));
	}
	$doc = simplexml_load_string(EMPTY_DOC);
	AddText($doc, "balance", $balance);
	echo $doc->asXML();
}

/** command => options it cannot do without */
function Commands() {
	return array(
		"features" => array(), "check_connection" => array(), "tune_connection" => array(),
		"open" => array("item"), "suspend" => array("item"), "resume" => array("item"), "close" => array("item"),
		"setparam" => array("item"), "prolong" => array("item"), "sync_item" => array("item"),
		"stat" => array("module"), "import" => array("module", "itemtype"), "getbalance" => array(),
	);
}

function Run($command, $o) {
	$commands = Commands();
	if (!isset($commands[$command])) {
		throw new PanelError("unsupported", "command", $command);
	}
	foreach ($commands[$command] as $name) {
		if ($o[$name] === "") {
			throw new PanelError("missed", $name);
		}
	}
	switch ($command) {
		case "features": Features(); break;
		case "check_connection": CheckConnection(); break;
		case "tune_connection": TuneConnection(); break;
		case "open": Open((int)$o["item"]); break;
		case "suspend": Suspend((int)$o["item"]); break;
		case "resume": Resume((int)$o["item"]); break;
		case "close": Close((int)$o["item"]); break;
		case "setparam": SetParam((int)$o["item"]); break;
		case "prolong": Prolong((int)$o["item"]); break;
		case "sync_item": SyncItem((int)$o["item"]); break;
		case "stat": Statistics((int)$o["module"]); break;
		case "import": Import((int)$o["module"], $o["itemtype"], $o["searchstring"]); break;
		case "getbalance": GetBalance((int)$o["module"]); break;
	}
}

/** Id and name of the module that serves the item; nothing when the database cannot tell. */
function ModuleOfItem($item) {
	try {
		$rows = Query("SELECT m.id, m.name FROM item i JOIN processingmodule m ON m.id = i.processingmodule WHERE i.id = ?", array($item));
	} catch (PanelError $error) {
		return array(0, "");
	}
	return count($rows) ? array((int)$rows[0]["id"], $rows[0]["name"]) : array(0, "");
}

function HasTask($operation) {
	try {
		return count(Query("SELECT id FROM task WHERE runningoperation = ?", array($operation))) > 0;
	} catch (PanelError $error) {
		return false;
	}
}

/** What has to be known of a failed operation: its text, that a person is needed, and for whom. */
function Report(PanelError $error, $command, $item, $operation) {
	list($module, $name) = ModuleOfItem($item);
	LocalQuery("runningoperation.edit", array("sok" => "ok", "elid" => $operation, "errorxml" => $error->ModuleDocument($module, $name)));
	if ($item > 0 && !HasTask($operation)) {
		LocalQuery("runningoperation.setmanual", array("elid" => $operation, "sok" => "ok"));
		$type = (string)LocalQuery("task.gettype", array("operation" => $command))->task_type;
		if ($type !== "") {
			LocalQuery("task.edit", array("sok" => "ok", "item" => $item, "runningoperation" => $operation, "type" => $type));
		}
	}
	if ($module > 0 && in_array($error->Type(), array("client", "auth"), true)) {
		LocalQuery("problems.register", array(
			"name" => "processingmodule_connect", "id" => $module, "param_pm_name" => $name, "param_pm_id" => $module,
			"param_errormsg" => $error->Type() . " " . $error->object, "level" => "error", "sok" => "ok",
		));
	}
}

$names = array("command", "subcommand", "id", "item", "lang", "module", "itemtype", "intname", "param", "value",
	"runningoperation", "level", "addon", "searchstring");
$given = getopt("", array_map(function ($name) { return $name . ":"; }, $names));
$options = array();
foreach ($names as $name) {
	$options[$name] = isset($given[$name]) && is_string($given[$name]) ? $given[$name] : "";
}

try {
	Debug("command {$options["command"]}, item {$options["item"]}, operation {$options["runningoperation"]}");
	Run($options["command"], $options);
} catch (PanelError $error) {
	if ((int)$options["runningoperation"] > 0) {
		try {
			Report($error, $options["command"], (int)$options["item"], (int)$options["runningoperation"]);
		} catch (PanelError $second) {
			WriteLog("ERROR", "1;31", "the failure could not be reported");
		}
	}
	// As the vendor's PHP sample does, the document is the answer and the exit code stays 0.
	echo $error->Document();
}
