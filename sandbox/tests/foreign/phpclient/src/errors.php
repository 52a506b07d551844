<?php
/** The billing said no. */
class Refusal extends Exception
{
    public $type;
    public $object;
    public $value;
    public $params;

    public function __construct($type, $object = '', $value = '', $msg = '', array $params = [])
    {
        parent::__construct($msg !== '' ? $msg : $type);
        $this->type = (string)$type;
        $this->object = (string)$object;
        $this->value = (string)$value;
        $this->params = $params;
    }

    public function toArray()
    {
        return [
            'type' => $this->type,
            'object' => $this->object,
            'value' => $this->value,
            'msg' => $this->getMessage(),
            'params' => (object)$this->params,
        ];
    }
}

/** No answer that can be understood: what was asked for may or may not have been done. */
class OutcomeUnknown extends Exception
{
}

/** The command line was wrong. */
class Usage extends Exception
{
}
