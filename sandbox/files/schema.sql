-- A panel's database (platform.md 6.2). Names of tables and columns are the documented ones; types and indexes are this
-- sandbox's choice (platform.md 6.3). Columns and tables marked "own" exist only here, for functions that need them.

CREATE TABLE project (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL, name_ru VARCHAR(128), billurl VARCHAR(255),
  active VARCHAR(3) NOT NULL DEFAULT 'on', currency CHAR(3) NOT NULL DEFAULT 'EUR' COMMENT 'own');
CREATE TABLE country (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, iso2 CHAR(2) NOT NULL, name VARCHAR(128), name_ru VARCHAR(128));
CREATE TABLE locale (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, langcode VARCHAR(8) NOT NULL);
CREATE TABLE account (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL, parent INT UNSIGNED, level INT NOT NULL DEFAULT 16,
  country INT UNSIGNED, registration_date DATE);
CREATE TABLE subaccount (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, account INT UNSIGNED NOT NULL, project INT UNSIGNED NOT NULL,
  balance DECIMAL(18,4) NOT NULL DEFAULT 0 COMMENT 'own', creditlimit DECIMAL(18,4) NOT NULL DEFAULT 0 COMMENT 'own',
  floor DECIMAL(18,4) NOT NULL DEFAULT 0 COMMENT 'own', UNIQUE (account, project));
CREATE TABLE user (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL UNIQUE, email VARCHAR(255), phone VARCHAR(64),
  realname VARCHAR(255), level INT NOT NULL DEFAULT 16, account INT UNSIGNED, enabled VARCHAR(3) NOT NULL DEFAULT 'on', language VARCHAR(8) DEFAULT 'en',
  password VARCHAR(160) NOT NULL DEFAULT '' COMMENT 'own', allowed_ip_ranges VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'own',
  totp VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', INDEX (account));
CREATE TABLE totp (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user INT UNSIGNED NOT NULL);
CREATE TABLE core_session (id VARCHAR(64) PRIMARY KEY, name INT UNSIGNED NOT NULL, ip VARCHAR(64) NOT NULL, atime BIGINT NOT NULL);
CREATE TABLE core_session_ext (core_session VARCHAR(64) NOT NULL, ext_name VARCHAR(64) NOT NULL, ext_value VARCHAR(255), PRIMARY KEY (core_session, ext_name));
CREATE TABLE core_users (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL, super VARCHAR(3) NOT NULL DEFAULT 'off');
CREATE TABLE core_funcs (users INT UNSIGNED NOT NULL, name VARCHAR(128) NOT NULL, access VARCHAR(16));
CREATE TABLE core_members (user_id INT UNSIGNED NOT NULL, group_id INT UNSIGNED NOT NULL);

CREATE TABLE datacenter (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL, name_ru VARCHAR(128), department INT UNSIGNED, external_id VARCHAR(64));
CREATE TABLE department (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL) COMMENT 'own';
CREATE TABLE measure (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, intname VARCHAR(64), name VARCHAR(64), name_ru VARCHAR(64), relation DECIMAL(18,4), lessmeasure INT UNSIGNED);
CREATE TABLE enumeration (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, intname VARCHAR(64), name VARCHAR(128), name_ru VARCHAR(128));
CREATE TABLE enumerationitem (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, intname VARCHAR(64), enumeration INT UNSIGNED COMMENT 'own', name VARCHAR(128), name_ru VARCHAR(128),
  INDEX (enumeration));
CREATE TABLE itemtype (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, intname VARCHAR(64) NOT NULL, name VARCHAR(128), name_ru VARCHAR(128),
  parent INT UNSIGNED, orderpriority INT NOT NULL DEFAULT 0, orderparams VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'own', INDEX (intname));
CREATE TABLE itemtypefield (itemtype INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, PRIMARY KEY (itemtype, intname)) COMMENT 'own';
CREATE TABLE itemtypeparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, itemtype INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL);
CREATE TABLE itemtypeparamvalue (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, itemtypeparam INT UNSIGNED NOT NULL, intname VARCHAR(128) NOT NULL, name VARCHAR(128), name_ru VARCHAR(128));
CREATE TABLE processingmodule2itemtypeparamvalue (processingmodule INT UNSIGNED NOT NULL, itemtypeparamvalue INT UNSIGNED NOT NULL, PRIMARY KEY (processingmodule, itemtypeparamvalue));

CREATE TABLE pricelist (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent INT UNSIGNED, itemtype INT UNSIGNED NOT NULL, intname VARCHAR(64), name VARCHAR(128) NOT NULL,
  name_ru VARCHAR(128), project INT UNSIGNED, active VARCHAR(3) NOT NULL DEFAULT 'on', addontype INT, billtype INT, compound INT UNSIGNED, addonlimit BIGINT,
  addonlimittrial BIGINT, addonmin BIGINT, addonmax BIGINT, addonmaxtrial BIGINT, addonstep BIGINT, addonbool VARCHAR(3), measure INT UNSIGNED, enumeration INT UNSIGNED,
  enumerationitem INT UNSIGNED, manualname VARCHAR(3), manualprocessing VARCHAR(3), restrictclientchange VARCHAR(16), scaletype INT, orderpolicy INT, roundtype INT,
  orderpriority INT NOT NULL DEFAULT 0, billdaily VARCHAR(3), billhourly VARCHAR(3), billprorata VARCHAR(3), chargestoped VARCHAR(3), autocalcday VARCHAR(3),
  allowpostpaid VARCHAR(3), max_multiple_order_count INT NOT NULL DEFAULT 10 COMMENT 'own', licence_agreement VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own',
  hideinorder VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', archived VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', description VARCHAR(255) COMMENT 'own',
  INDEX (parent), INDEX (itemtype));
CREATE TABLE currency (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, iso CHAR(3) NOT NULL UNIQUE, name VARCHAR(64), symbol VARCHAR(8), active VARCHAR(3) NOT NULL DEFAULT 'on');
CREATE TABLE price (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, setup DECIMAL(18,4), trial DECIMAL(18,4), day DECIMAL(18,4), lifetime DECIMAL(18,4), monthly DECIMAL(18,4),
  quarterly DECIMAL(18,4), semiannual DECIMAL(18,4), annually DECIMAL(18,4), biennial DECIMAL(18,4), triennial DECIMAL(18,4), quadrennial DECIMAL(18,4),
  quinquennial DECIMAL(18,4), decennial DECIMAL(18,4), stat DECIMAL(18,4));
CREATE TABLE pricelistprice (pricelist INT UNSIGNED NOT NULL, currency INT UNSIGNED NOT NULL, price INT UNSIGNED NOT NULL, PRIMARY KEY (pricelist, currency));
CREATE TABLE pricelist2enumerationitem (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, pricelist INT UNSIGNED NOT NULL, enumerationitem INT UNSIGNED NOT NULL,
  UNIQUE (pricelist, enumerationitem));
CREATE TABLE pricelist2enumerationitemprice (pricelist2enumerationitem INT UNSIGNED NOT NULL, currency INT UNSIGNED NOT NULL COMMENT 'own', price INT UNSIGNED NOT NULL,
  PRIMARY KEY (pricelist2enumerationitem, currency));
CREATE TABLE pricelist2datacenter (pricelist INT UNSIGNED NOT NULL, datacenter INT UNSIGNED NOT NULL, PRIMARY KEY (pricelist, datacenter)) COMMENT 'own';
CREATE TABLE pricelistscale (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, pricelist INT UNSIGNED NOT NULL);
CREATE TABLE fixedprices (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE fixedpricesprice (fixedprices INT UNSIGNED NOT NULL, price INT UNSIGNED NOT NULL, PRIMARY KEY (fixedprices, price));
CREATE TABLE pricelistparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, pricelist INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, UNIQUE (pricelist, intname));
CREATE TABLE processingmodule (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL, module VARCHAR(64) NOT NULL, active VARCHAR(3) NOT NULL DEFAULT 'on',
  orderpriority INT NOT NULL DEFAULT 0, ipmgr INT UNSIGNED, config MEDIUMTEXT, department INT UNSIGNED, datacenter INT UNSIGNED COMMENT 'own', balance DECIMAL(18,4) COMMENT 'own',
  balance_currency VARCHAR(8) COMMENT 'own');
CREATE TABLE processingparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, processingmodule INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, UNIQUE (processingmodule, intname));
CREATE TABLE processingcustomparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, processingmodule INT UNSIGNED NOT NULL, param VARCHAR(64) NOT NULL, value TEXT,
  INDEX (processingmodule)) COMMENT 'own';
CREATE TABLE processingcryptedparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, processingmodule INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, UNIQUE (processingmodule, intname));
CREATE TABLE processingmodule2pricelist (processingmodule INT UNSIGNED NOT NULL, pricelist INT UNSIGNED NOT NULL, PRIMARY KEY (processingmodule, pricelist), INDEX (pricelist));

CREATE TABLE item (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), parent INT UNSIGNED, account INT UNSIGNED NOT NULL, subaccount INT UNSIGNED, pricelist INT UNSIGNED NOT NULL,
  lastpricelist INT UNSIGNED, processingmodule INT UNSIGNED, remoteid VARCHAR(128), period INT NOT NULL, status INT NOT NULL, expiredate DATE, opendate DATE, suspenddate DATE, createdate DATE,
  cost DECIMAL(18,4) NOT NULL DEFAULT 0, intvalue BIGINT, boolvalue VARCHAR(3), enumerationitem INT UNSIGNED, addonlimit BIGINT, addonlimittrial BIGINT, addonmax BIGINT, addonmaxtrial BIGINT,
  addonbool VARCHAR(3), enumerationitem_addonenumerationitem INT UNSIGNED,
  autosuspend VARCHAR(3) NOT NULL DEFAULT 'off', employeesuspend VARCHAR(3) NOT NULL DEFAULT 'off', abusesuspend VARCHAR(3) NOT NULL DEFAULT 'off',
  autoprolong INT COMMENT 'own', datacenter INT UNSIGNED COMMENT 'own', service_status INT COMMENT 'own', hidden_lists INT NOT NULL DEFAULT 0 COMMENT 'own',
  currency INT UNSIGNED, price INT UNSIGNED, fixedprices INT UNSIGNED, autoassign VARCHAR(3), reservedsum DECIMAL(18,4) NOT NULL DEFAULT 0,
  costperiod INT AS (period) VIRTUAL, costdate DATE AS (createdate) VIRTUAL, scheduledclose VARCHAR(3) AS (closeatend) VIRTUAL,
  specialstatus INT AS (IF(status = 5, 1, IF(status = 3 AND period = -50, 2, 0))) VIRTUAL,
  real_ipchange INT NOT NULL DEFAULT 0, real_keychange INT NOT NULL DEFAULT 0, update_expiredate DATE, closeatend VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', lastaddons TEXT COMMENT 'own',
  INDEX (parent), INDEX listed (account, parent, hidden_lists, id, status, pricelist), INDEX hidden (account, hidden_lists), INDEX expiring (status, expiredate), INDEX (pricelist), INDEX (processingmodule, status), INDEX (remoteid));
CREATE TABLE itemparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, UNIQUE (item, intname));
CREATE TABLE itemcryptedparam (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, UNIQUE (item, intname));
CREATE TABLE itemstat (item INT UNSIGNED NOT NULL, statdate DATE NOT NULL, param VARCHAR(64) NOT NULL, value DECIMAL(24,4), measure INT UNSIGNED, UNIQUE (item, statdate, param));
CREATE TABLE lateparam (item INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, due DOUBLE NOT NULL, PRIMARY KEY (item, intname)) COMMENT 'own';
CREATE TABLE lateassign (item INT UNSIGNED PRIMARY KEY, account INT UNSIGNED NOT NULL, pricelist INT UNSIGNED, due DOUBLE NOT NULL) COMMENT 'own';
CREATE TABLE ip (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL DEFAULT '', item INT UNSIGNED, status INT, mask VARCHAR(64) COMMENT 'own',
  gateway VARCHAR(64) COMMENT 'own', domain VARCHAR(255) COMMENT 'own', INDEX (item));
CREATE TABLE ipmgr (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128), url VARCHAR(255));
CREATE TABLE nameserver (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128), url VARCHAR(255));
CREATE TABLE tld (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL UNIQUE);
CREATE TABLE certificate (item INT UNSIGNED PRIMARY KEY, pkey TEXT, csr TEXT, crt TEXT);
CREATE TABLE domaindnssec (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item INT UNSIGNED);
CREATE TABLE profile (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, profiletype INT NOT NULL DEFAULT 1, account INT UNSIGNED NOT NULL, name VARCHAR(255), person VARCHAR(255),
  country_physical INT UNSIGNED, postcode_physical VARCHAR(32), city_physical VARCHAR(128), address_physical VARCHAR(255), country_legal INT UNSIGNED,
  postcode_legal VARCHAR(32), city_legal VARCHAR(128), address_legal VARCHAR(255), vatnum VARCHAR(64), INDEX (account)) COMMENT 'own';
CREATE TABLE service_profile (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, profiletype INT NOT NULL, account INT UNSIGNED NOT NULL, name VARCHAR(255));
CREATE TABLE service_profileparam (service_profile INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, value TEXT, warning_message TEXT, PRIMARY KEY (service_profile, intname));
CREATE TABLE service_profile2item (service_profile INT UNSIGNED NOT NULL, item INT UNSIGNED NOT NULL, type VARCHAR(16) NOT NULL, PRIMARY KEY (item, type));
CREATE TABLE service_profile2processingmodule (service_profile INT UNSIGNED NOT NULL, processingmodule INT UNSIGNED NOT NULL, type VARCHAR(16) NOT NULL, externalid VARCHAR(128),
  externalpassword VARCHAR(255), PRIMARY KEY (service_profile, processingmodule, type));

CREATE TABLE runningoperation (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item INT UNSIGNED NOT NULL, intname VARCHAR(64) NOT NULL, trycount INT NOT NULL DEFAULT 0,
  manual VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', errorxml MEDIUMTEXT COMMENT 'own', cdate DATETIME COMMENT 'own', nextrun DOUBLE NOT NULL DEFAULT 0 COMMENT 'own',
  run_pid INT COMMENT 'own', run_start VARCHAR(32) COMMENT 'own', lastoutput TEXT COMMENT 'own', lastexit INT COMMENT 'own',
  oldstatus INT COMMENT 'own', level INT NOT NULL DEFAULT 30 COMMENT 'own', newexpiredate DATE COMMENT 'own',
  options TEXT COMMENT 'own', placed VARCHAR(3) NOT NULL DEFAULT 'off' COMMENT 'own', INDEX (item), INDEX (manual, nextrun));
CREATE TABLE tasktype (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, operation VARCHAR(64) NOT NULL UNIQUE, name VARCHAR(128), department INT UNSIGNED) COMMENT 'own';
CREATE TABLE task (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, type INT UNSIGNED, item INT UNSIGNED, status INT NOT NULL DEFAULT 0, runningoperation INT UNSIGNED,
  params TEXT COMMENT 'own', department INT UNSIGNED COMMENT 'own', performer INT UNSIGNED COMMENT 'own', opendate DATETIME COMMENT 'own', INDEX (runningoperation), INDEX (item));
CREATE TABLE problem (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL, reference VARCHAR(64) NOT NULL DEFAULT '', level VARCHAR(16), params TEXT, cdate DATETIME,
  UNIQUE (name, reference)) COMMENT 'own';
CREATE TABLE expense (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item INT UNSIGNED, subaccount INT UNSIGNED, operation VARCHAR(32), period INT, cdate DATE, realdate DATE,
  amount DECIMAL(18,4), discount DECIMAL(18,4) NOT NULL DEFAULT 0, discountamount DECIMAL(18,4) NOT NULL DEFAULT 0, notpayd DECIMAL(18,4) NOT NULL DEFAULT 0,
  taxrate DECIMAL(18,4) NOT NULL DEFAULT 0, taxamount DECIMAL(18,4) NOT NULL DEFAULT 0, account INT UNSIGNED COMMENT 'own', INDEX (item));
CREATE TABLE history_item (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, reference INT UNSIGNED NOT NULL, request_action VARCHAR(64), changedate DATETIME,
  description TEXT COMMENT 'own', user VARCHAR(128) COMMENT 'own', ip VARCHAR(64) COMMENT 'own', INDEX (reference));
CREATE TABLE payment (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, status INT NOT NULL DEFAULT 1, xmlparams TEXT, paymethod INT UNSIGNED, currency INT UNSIGNED,
  paymethodamount DECIMAL(18,4), description VARCHAR(255), recurring INT UNSIGNED, stored_payment INT UNSIGNED, account INT UNSIGNED COMMENT 'own', amount DECIMAL(18,4) COMMENT 'own',
  createdate DATE COMMENT 'own', INDEX (account));
CREATE TABLE lineitem (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, account INT UNSIGNED NOT NULL, cart VARCHAR(8) NOT NULL, billorder INT UNSIGNED NOT NULL DEFAULT 0, item INT UNSIGNED NOT NULL,
  operation VARCHAR(32) NOT NULL, params TEXT, cost DECIMAL(18,4) NOT NULL, INDEX (account, cart), INDEX (item)) COMMENT 'own';
CREATE TABLE listfilter (owner VARCHAR(80) NOT NULL, itemtype VARCHAR(64) NOT NULL, fields TEXT, PRIMARY KEY (owner, itemtype)) COMMENT 'own';
CREATE TABLE paymethod (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, module VARCHAR(64), name VARCHAR(128), active VARCHAR(3) NOT NULL DEFAULT 'on', xmlparams TEXT);
CREATE TABLE ticket (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL, account INT UNSIGNED, status INT NOT NULL DEFAULT 1, cdate DATETIME) COMMENT 'own';
CREATE TABLE operationerror (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, runningoperation INT UNSIGNED NOT NULL, item INT UNSIGNED NOT NULL, createdate DATETIME, log MEDIUMTEXT,
  INDEX (runningoperation)) COMMENT 'own';
CREATE TABLE recurring (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE payment_receipt (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE payment_receipt_item (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE gateway (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, module VARCHAR(64));
CREATE TABLE sandbox_switch (name VARCHAR(64) PRIMARY KEY, value VARCHAR(255) NOT NULL) COMMENT 'own';
