<?php
/** Reads the answer of pricelist.export into tariffs that a shop can show. */
function readTariffs(SimpleXMLElement $doc)
{
    $tariffs = [];
    foreach ($doc->pricelist as $node) {
        $addons = [];
        foreach ($node->addon as $addon) {
            $addons[] = [
                'id' => (string)$addon->id,
                'name' => (string)$addon->name,
                'intname' => (string)$addon->intname,
                'addontype' => (int)$addon->addontype,
                'billtype' => (int)$addon->billtype,
                'included' => (string)$addon->addonlimit,
                'min' => (string)$addon->addonmin,
                'max' => (string)$addon->addonmax,
                'choices' => readChoices($addon),
                'prices' => readPrices($addon),
            ];
        }
        $tariffs[] = [
            'id' => (string)$node->id,
            'name' => (string)$node->name,
            'itemtype' => (string)$node->itemtype_info->intname,
            'active' => (string)$node->active === 'on',
            'hidden' => (string)$node->hideinorder === 'on',
            'datacenters' => array_map('strval', $node->xpath('datacenter/id')),
            'prices' => readPrices($node),
            'addons' => $addons,
        ];
    }
    return $tariffs;
}

/** currency => [{months, cost}]; trial is -100, a day -50 */
function readPrices(SimpleXMLElement $node)
{
    $prices = [];
    foreach ($node->price as $price) {
        foreach ($price->period as $period) {
            $prices[(string)$price['currency']][] = [
                'type' => (string)$period['type'],
                'length' => (int)$period['length'],
                'cost' => (string)$period['cost'],
            ];
        }
    }
    return (object)$prices;
}

/** The enumeration comes twice, as a number and as an object; only the object has items. */
function readChoices(SimpleXMLElement $addon)
{
    $choices = [];
    foreach ($addon->xpath('enumeration/enumerationitem') as $item) {
        $choices[] = ['id' => (string)$item->id, 'intname' => (string)$item->intname];
    }
    return $choices;
}
