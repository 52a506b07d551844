<?php
/** A client account of one BILLmanager. Subclasses differ in the format they ask for. */
abstract class BillClient
{
    const PAGES_AT_MOST = 10000;

    private $url;
    private $user;
    private $password;
    private $transport;
    private $lang;
    private $session;

    public function __construct($url, $user, $password, Transport $transport, $lang = 'en', $useSession = false)
    {
        $url = rtrim($url, '/');
        $this->url = preg_match('~/billmgr$~', $url) ? $url : $url . '/billmgr';
        $this->user = $user;
        $this->password = $password;
        $this->transport = $transport;
        $this->lang = $lang;
        $this->session = $useSession ? '' : null;
    }

    abstract protected function format();

    abstract protected function parse($body);

    /** Asks for a session and returns what the billing says of it. */
    public function login()
    {
        $fields = ['func' => 'auth', 'username' => $this->user, 'password' => $this->password, 'out' => 'xml'];
        $answer = new XmlAnswer($this->transport->post($this->url, $fields));
        if ($refusal = $answer->refusal()) {
            throw $refusal;
        }
        $id = $answer->attribute('auth', 'id') ?: $answer->value('auth');
        if ((string)$id === '') {
            throw new Refusal('auth', 'session', '', 'no session in the answer');
        }
        $this->session = $id;
        return ['session' => $id, 'level' => (int)$answer->attribute('auth', 'level')];
    }

    /** One function; with a session that has died, a new one is made and the call repeated once. */
    public function call($func, array $fields = [], $anonymous = false)
    {
        if ($this->session === '' && !$anonymous) {
            $this->login();
        }
        try {
            return $this->send($func, $fields, $anonymous);
        } catch (Refusal $refusal) {
            if ($this->session === null || $anonymous || !in_array($refusal->type, ['access', 'auth'], true)) {
                throw $refusal;
            }
        }
        $this->login();
        return $this->send($func, $fields, false);
    }

    private function send($func, array $fields, $anonymous)
    {
        $base = ['out' => $this->format(), 'func' => $func, 'lang' => $this->lang];
        if (!$anonymous && $this->session !== null) {
            $base['auth'] = $this->session;
        } elseif (!$anonymous) {
            $base['authinfo'] = $this->user . ':' . $this->password;
        }
        $answer = $this->parse($this->transport->post($this->url, $base + array_map('strval', $fields)));
        if ($refusal = $answer->refusal()) {
            throw $refusal;
        }
        return $answer;
    }

    /** All rows of a list, page by page until the announced number is there. */
    public function all($func, $perPage = 100, $sort = '')
    {
        $rows = [];
        for ($page = 1; $page <= self::PAGES_AT_MOST; $page++) {
            $fields = ['p_num' => $page, 'p_cnt' => $perPage];
            if ($sort !== '') {
                $fields['p_col'] = $sort;
            }
            $answer = $this->call($func, $fields);
            $new = $answer->rows();
            $rows = array_merge($rows, $new);
            $total = $answer->total();
            if (!$new || $total === null || count($rows) >= $total) {
                break;
            }
        }
        return $rows;
    }
}

class XmlClient extends BillClient
{
    protected function format()
    {
        return 'xml';
    }

    protected function parse($body)
    {
        return new XmlAnswer($body);
    }
}

class BjsonClient extends BillClient
{
    protected function format()
    {
        return 'bjson';
    }

    protected function parse($body)
    {
        return new BjsonAnswer($body);
    }
}

class XjsonClient extends BillClient
{
    protected function format()
    {
        return 'xjson';
    }

    protected function parse($body)
    {
        return new XjsonAnswer($body);
    }
}
