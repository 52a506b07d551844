<?php
/** What the command line can do: each command takes the client and its k=v arguments. */
class Commands
{
    const POWER = ['start', 'stop', 'reboot', 'hardreboot'];

    private $client;
    private $args;

    public function __construct(BillClient $client, array $args)
    {
        $this->client = $client;
        $this->args = $args;
    }

    public static function names()
    {
        $names = [];
        foreach ((new ReflectionClass(__CLASS__))->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
            $names[] = $method->getName();
        }
        return array_values(array_diff($names, ['__construct', 'names', 'run']));
    }

    public function run($command)
    {
        if (!in_array($command, self::names(), true)) {
            throw new Usage("unknown command '$command'");
        }
        return $this->$command();
    }

    private function need($name)
    {
        if (!isset($this->args[$name]) || $this->args[$name] === '') {
            throw new Usage("$name=... is missing");
        }
        return $this->args[$name];
    }

    private function given($name, $default = '')
    {
        return $this->args[$name] ?? $default;
    }

    private function type()
    {
        $type = $this->need('type');
        if (!preg_match('/^[a-z0-9_]+$/i', $type)) {
            throw new Usage("type=$type is not the name of a product type");
        }
        return $type;
    }

    /** Arguments that are meant for the billing and not for this program. */
    private function rest(array $own)
    {
        return array_diff_key($this->args, array_flip($own));
    }

    public function login()
    {
        return $this->client->login();
    }

    public function check()
    {
        $answer = $this->client->call('whoami');
        return [
            'id' => $answer->attribute('user', 'id'),
            'name' => $answer->attribute('user', 'name'),
            'level' => $answer->attribute('user', 'level'),
        ];
    }

    public function balance()
    {
        $by = $this->given('by', 'subaccount');
        if ($by === 'whoami') {
            return ['balance' => $this->client->call('whoami')->attribute('user', 'balance')];
        }
        if ($by === 'usrparam') {
            return ['balance' => $this->client->call('usrparam')->value('balance')];
        }
        $accounts = [];
        foreach ($this->client->all('subaccount') as $row) {
            $accounts[] = array_intersect_key($row, array_flip(['id', 'project', 'balance', 'currency']));
        }
        return ['accounts' => $accounts];
    }

    /** Old order API: the tariff is charged and the service made in one call. */
    public function order()
    {
        $fields = $this->rest(['type', 'pricelist', 'period', 'tries', 'delay']) + [
            'pricelist' => $this->need('pricelist'),
            'period' => $this->given('period', '1'),
            'autoprolong' => 'null',
            'skipbasket' => 'on',
            'clicked_button' => 'finish',
            'sok' => 'ok',
        ];
        return $this->submitOrder($this->type() . '.order.param', $fields, ['id', 'item.id', 'elid']);
    }

    /** New order API: other names for the period, for the button and for the answer. */
    public function orderv2()
    {
        $fields = $this->rest(['type', 'pricelist', 'period', 'tries', 'delay']) + [
            'pricelist' => $this->need('pricelist'),
            'order_period' => $this->given('period', '1'),
            'autoprolong' => 'off',
            'skipbasket' => 'on',
            'clicked_button' => 'order',
            'sok' => 'ok',
        ];
        return $this->submitOrder('v2.' . $this->type() . '.order.param', $fields, ['item.id', 'id']);
    }

    /** Sent once. When the answer is lost, the service is looked for and never ordered again. */
    private function submitOrder($func, array $fields, array $places)
    {
        try {
            $answer = $this->client->call($func, $fields);
            foreach ($places as $place) {
                $id = (string)$answer->value($place);
                if (preg_match('/^[1-9]\d*$/', $id)) {
                    return ['id' => $id, 'adopted' => false];
                }
            }
            $lost = new OutcomeUnknown('the answer has no id');
        } catch (OutcomeUnknown $unknown) {
            $lost = $unknown;
        }
        if ($this->given('remoteid') === '') {
            throw $lost;
        }
        for ($try = 0; $try < (int)$this->given('tries', '5'); $try++) {
            if ($try > 0) {
                sleep((int)$this->given('delay', '1'));
            }
            try {
                $row = $this->search();
            } catch (OutcomeUnknown $unknown) {
                continue;
            }
            if ($row !== null) {
                return ['id' => $row['id'], 'adopted' => true];
            }
        }
        throw $lost;
    }

    /** The living row with our remoteid; where the list does not show it, the form of each row is asked. */
    private function search()
    {
        $wanted = $this->need('remoteid');
        $found = null;
        foreach ($this->client->all($this->type()) as $row) {
            if (($row['status'] ?? '') === '4') {
                continue;
            }
            $remote = $row['remoteid'] ?? $this->client->call($this->type() . '.edit', ['elid' => $row['id']])->value('remoteid');
            if ($remote === $wanted && ($found === null || (int)$row['id'] > (int)$found['id'])) {
                $found = $row;
            }
        }
        return $found;
    }

    public function find()
    {
        $row = $this->search();
        if ($row === null) {
            throw new Refusal('not_found', 'remoteid', $this->need('remoteid'));
        }
        return $row;
    }

    public function list()
    {
        $rows = $this->client->all($this->type(), (int)$this->given('p_cnt', '100'), $this->given('sort'));
        return ['count' => count($rows), 'rows' => $rows];
    }

    public function show()
    {
        return $this->client->call($this->type() . '.edit', ['elid' => $this->need('elid')])->values();
    }

    /** The licence key appears some time after the order. */
    public function key()
    {
        $tries = (int)$this->given('tries', '20');
        for ($try = 0; $try < $tries; $try++) {
            if ($try > 0) {
                sleep((int)$this->given('delay', '1'));
            }
            $answer = $this->client->call('soft.edit', ['elid' => $this->need('elid')]);
            if ((string)$answer->value('lickey') !== '') {
                return ['lickey' => $answer->value('lickey'), 'expiredate' => $answer->value('expiredate'), 'tries' => $try + 1];
            }
        }
        throw new Refusal('timeout', 'lickey', $this->need('elid'), "no key after $tries tries");
    }

    public function newkey()
    {
        $answer = $this->client->call('soft.edit', ['elid' => $this->need('elid'), 'clicked_button' => 'newkey', 'sok' => 'ok']);
        $key = (string)$answer->value('lickey');
        return ['lickey' => $key !== '' ? $key : $this->key()['lickey']];
    }

    public function checkip()
    {
        $this->client->call('soft.checkip', $this->args);
        return ['ok' => true];
    }

    /** What is paid until now and until when a renewal would pay; nothing is charged. */
    public function expiry()
    {
        $answer = $this->client->call('service.prolong', $this->args + ['elid' => $this->need('elid')]);
        return ['expiredate' => $answer->value('expiredate'), 'newexpiredate' => $answer->value('newexpiredate')];
    }

    public function renew()
    {
        $fields = $this->args + ['elid' => $this->need('elid'), 'period' => '1', 'sok' => 'ok'];
        $answer = $this->client->call('service.prolong', $fields);
        return ['newexpiredate' => $answer->value('doc/newexpiredate') ?? $answer->value('newexpiredate')];
    }

    private function act($verb, array $fields = [])
    {
        $this->client->call($this->type() . '.' . $verb, ['elid' => $this->need('elid')] + $fields);
        return ['ok' => true];
    }

    public function suspend()
    {
        return $this->act('suspend');
    }

    public function resume()
    {
        return $this->act('resume');
    }

    public function delete()
    {
        return $this->act('delete', ['sok' => 'ok']);
    }

    /** Any fields of the service's form, such as domain=, addon_N= or autoprolong=. */
    public function edit()
    {
        return $this->act('edit', $this->rest(['type', 'elid']) + ['sok' => 'ok']);
    }

    public function address()
    {
        $this->args += ['type' => 'soft'];
        return $this->act('edit', ['ip' => $this->need('ip'), 'sok' => 'ok']);
    }

    public function name()
    {
        $this->args += ['type' => 'soft'];
        $field = $this->type() === 'soft' ? 'licname' : 'domain';
        return $this->act('edit', [$field => $this->need('name'), 'sok' => 'ok']);
    }

    /** Tariff change in one call, as licences have it. */
    public function tariff()
    {
        $this->client->call('service.changepricelist', [
            'elid' => $this->need('elid'),
            'pricelist' => $this->need('pricelist'),
            'period' => $this->given('period', '1'),
            'sok' => 'ok',
        ]);
        return ['ok' => true];
    }

    /** Tariff change as the wizard does it: what is allowed, what it costs, done. */
    public function tariffwizard()
    {
        $elid = $this->need('elid');
        $wanted = $this->need('pricelist');
        $allowed = $this->client->call('service.changepricelist', ['elid' => $elid])->choices('pricelist');
        if ($allowed !== null && !array_key_exists($wanted, $allowed)) {
            throw new Refusal('value', 'pricelist', $wanted, 'this tariff is not offered');
        }
        $step = ['elid' => $elid, 'pricelist' => $wanted, 'sok' => 'ok', 'snext' => 'ok'];
        $money = $this->client->call('service.changepricelist.pricelist', $step);
        $this->client->call('service.changepricelist.getmoney', $step + ['clicked_button' => 'finish']);
        $shown = [];
        foreach (['oldprice', 'newprice', 'oldpricelist', 'newpricelist', 'oldexpiredate', 'newexpiredate'] as $name) {
            $shown[$name] = $money->value($name) ?? $money->value("doc/$name");
        }
        return ['ok' => true] + $shown;
    }

    public function history()
    {
        $answer = $this->client->call('service.history', ['elid' => $this->need('elid')]);
        return ['rows' => $answer->rows()];
    }

    public function addresses()
    {
        return ['rows' => $this->client->call('service.ip', ['elid' => $this->need('elid')])->rows()];
    }

    public function power()
    {
        $action = $this->need('action');
        if (!in_array($action, self::POWER, true)) {
            throw new Usage('action is one of ' . implode(', ', self::POWER));
        }
        $this->client->call("service.$action", ['elid' => $this->need('elid')]);
        return ['ok' => true];
    }

    /** The new password is taken from the environment, so that it is not seen among the processes. */
    public function password()
    {
        $passwd = (string)getenv($this->need('passwd_env'));
        if ($passwd === '') {
            throw new Usage('the variable named by passwd_env is empty');
        }
        $fields = ['elid' => $this->need('elid'), 'passwd' => $passwd, 'confirm' => $passwd, 'sok' => 'ok'];
        $this->client->call('service.changepassword', $fields);
        return ['ok' => true];
    }

    /** Tariffs; anonymous=on asks as a shop's page would, without a login. */
    public function export()
    {
        $answer = $this->client->call('pricelist.export', $this->rest(['anonymous']), $this->given('anonymous') === 'on');
        if (!$answer instanceof XmlAnswer) {
            throw new Usage('export is read with --out=xml');
        }
        return ['tariffs' => readTariffs($answer->document())];
    }
}
