<?php
/** One answer of the billing, whatever format it came in. */
abstract class Answer
{
    /** Text of an element below the root; "doc/newexpiredate" goes through a nested document. Null when absent. */
    abstract public function value($path);

    /** An attribute of an element below the root, such as the balance of "user". */
    abstract public function attribute($element, $name);

    /** Rows of a list, each as column => text. */
    abstract public function rows();

    /** key => label of a select list, or null when this format does not show it. */
    abstract public function choices($name);

    /** The form's or document's plain values as name => text. */
    abstract public function values();

    /** The refusal in this answer, or null. */
    abstract public function refusal();

    public function total()
    {
        $total = $this->value('p_elems');
        return $total === null || $total === '' ? null : (int)$total;
    }
}

class XmlAnswer extends Answer
{
    private $doc;

    public function __construct($body)
    {
        libxml_use_internal_errors(true);
        $doc = simplexml_load_string($body);
        if ($doc === false || $doc->getName() !== 'doc') {
            throw new OutcomeUnknown('not an XML document: ' . substr(trim($body), 0, 60));
        }
        $this->doc = $doc;
    }

    public function document()
    {
        return $this->doc;
    }

    public function value($path)
    {
        $found = $this->doc->xpath('/doc/' . $path);
        return $found ? (string)$found[0] : null;
    }

    public function attribute($element, $name)
    {
        $found = $this->doc->xpath("/doc/$element/@$name");
        return $found ? (string)$found[0] : null;
    }

    public function rows()
    {
        $rows = [];
        foreach ($this->doc->elem as $elem) {
            $row = [];
            foreach ($elem->children() as $name => $cell) {
                $row[$name] = isset($cell['orig']) ? (string)$cell['orig'] : (string)$cell;
            }
            $rows[] = $row;
        }
        return $rows;
    }

    public function choices($name)
    {
        $choices = [];
        foreach ($this->doc->xpath("//slist[@name='$name']/*") as $choice) {
            $key = isset($choice['key']) ? (string)$choice['key'] : (string)$choice;
            $choices[$key] = (string)$choice;
        }
        return $choices;
    }

    public function values()
    {
        $values = [];
        foreach ($this->doc->children() as $name => $node) {
            if (!$node->count() && !in_array($name, ['elem', 'slist', 'ok'], true)) {
                $values[$name] = (string)$node;
            }
        }
        return $values;
    }

    public function refusal()
    {
        $error = $this->doc->error;
        if (!isset($error[0])) {
            $error = $this->doc->warning->error ?? [];
        }
        if (!isset($error[0])) {
            return null;
        }
        $params = [];
        foreach ($error->param as $param) {
            $params[(string)$param['name']] = (string)$param;
        }
        $value = (string)$error['value'];
        return new Refusal(
            (string)$error['type'],
            (string)$error['object'],
            $value !== '' ? $value : ($params['value'] ?? ''),
            (string)$error->msg,
            $params
        );
    }
}

/** What the two JSON formats have in common. */
abstract class JsonAnswer extends Answer
{
    protected $root;

    public function __construct($body)
    {
        $tree = json_decode($body, true);
        if (!is_array($tree)) {
            throw new OutcomeUnknown('not a JSON document: ' . substr(trim($body), 0, 60));
        }
        $this->root = isset($tree['doc']) && is_array($tree['doc']) ? $tree['doc'] : $tree;
    }

    abstract protected function text($node);

    /** A repeated element that occurs once may come as an object. */
    protected static function many($node)
    {
        if (!is_array($node)) {
            return $node === null ? [] : [$node];
        }
        return $node === [] || array_keys($node) === range(0, count($node) - 1) ? $node : [$node];
    }

    protected static function first($node)
    {
        $many = self::many($node);
        return $many ? $many[0] : null;
    }

    public function rows()
    {
        $rows = [];
        foreach (self::many($this->root['elem'] ?? null) as $elem) {
            $row = [];
            foreach ($elem as $name => $cell) {
                $text = $this->text($cell);
                if ($text !== null) {
                    $row[$name] = $text;
                }
            }
            $rows[] = $row;
        }
        return $rows;
    }

    public function values()
    {
        $values = [];
        foreach ($this->root['model'] ?? $this->root as $name => $node) {
            $text = $this->text($node);
            if ($text !== null && !in_array($name, ['elem', 'slist', 'ok'], true)) {
                $values[$name] = $text;
            }
        }
        return $values;
    }

    public function refusal()
    {
        $error = self::first($this->root['error'] ?? null);
        if ($error === null) {
            $error = self::first(self::first($this->root['warning'] ?? null)['error'] ?? null);
        }
        if ($error === null) {
            return null;
        }
        if (!is_array($error)) {
            return new Refusal('unknown', '', '', (string)$error);
        }
        $params = [];
        foreach (self::many($error['param'] ?? null) as $param) {
            if (is_array($param)) {
                $params[(string)($param['$name'] ?? $param['name'] ?? '')] = (string)$this->text($param);
            }
        }
        return new Refusal(
            $error['$type'] ?? $error['type'] ?? 'unknown',
            $error['$object'] ?? $error['object'] ?? '',
            $error['$value'] ?? $error['value'] ?? $params['value'] ?? '',
            (string)$this->text($error['msg'] ?? ''),
            $params
        );
    }
}

/** out=bjson: attributes are gone, a form is a "model", a single result is {"v": text}. */
class BjsonAnswer extends JsonAnswer
{
    protected function text($node)
    {
        if (is_array($node)) {
            $node = $node['v'] ?? $node['$'] ?? $node['value'] ?? null;
        }
        return is_scalar($node) ? (string)$node : null;
    }

    public function value($path)
    {
        $place = $this->root;
        $steps = explode('/', $path);
        $name = array_pop($steps);
        foreach ($steps as $step) {
            $place = self::first($place[$step] ?? null) ?? [];
        }
        return $this->text($place[$name] ?? $place['model'][$name] ?? null);
    }

    public function attribute($element, $name)
    {
        $node = self::first($this->root[$element] ?? $this->root['model'][$element] ?? null);
        if (is_array($node)) {
            return $this->text($node[$name] ?? $node['$' . $name] ?? null);
        }
        return $this->value($name);
    }

    public function choices($name)
    {
        return null;
    }
}

/** out=xjson: the XML tree with "$" for text and "$name" for attributes. */
class XjsonAnswer extends JsonAnswer
{
    protected function text($node)
    {
        $node = self::first($node);
        if (is_array($node)) {
            if ($node === []) {
                return '';
            }
            $node = $node['$orig'] ?? $node['$'] ?? null;
        }
        return is_scalar($node) ? (string)$node : null;
    }

    public function value($path)
    {
        $place = $this->root;
        foreach (explode('/', $path) as $step) {
            $place = is_array($place) ? self::first($place[$step] ?? null) : null;
        }
        return $place === null ? null : $this->text($place);
    }

    public function attribute($element, $name)
    {
        $node = self::first($this->root[$element] ?? null);
        return isset($node['$' . $name]) ? (string)$node['$' . $name] : null;
    }

    public function choices($name)
    {
        $choices = [];
        foreach (self::many($this->root['slist'] ?? null) as $list) {
            if (($list['$name'] ?? '') !== $name) {
                continue;
            }
            foreach ($list as $children) {
                foreach (is_array($children) ? self::many($children) : [] as $choice) {
                    $label = (string)$this->text($choice);
                    $choices[(string)($choice['$key'] ?? $label)] = $label;
                }
            }
        }
        return $choices;
    }
}
