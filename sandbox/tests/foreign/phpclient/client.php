#!/usr/bin/php
<?php
/**
 * Command-line client of a BILLmanager account.
 *
 *   php client.php [options] <url> <user> <variable with the password> <command> [k=v ...]
 *
 * Prints JSON. Exit 0: done; 1: refused; 2: wrong command line; 3: no understandable answer,
 * so that a changing command may or may not have been carried out.
 */

ini_set('display_errors', 'stderr');
require_once __DIR__ . '/src/errors.php';
require_once __DIR__ . '/src/transport.php';
require_once __DIR__ . '/src/answers.php';
require_once __DIR__ . '/src/clients.php';
require_once __DIR__ . '/src/export.php';
require_once __DIR__ . '/src/commands.php';

const FORMATS = ['xml' => 'XmlClient', 'bjson' => 'BjsonClient', 'xjson' => 'XjsonClient'];
const DEFAULT_FORMATS = ['orderv2' => 'xjson', 'find' => 'xjson'];

function readCommandLine(array $argv)
{
    $options = ['out' => '', 'ca' => '', 'lang' => 'en', 'timeout' => '60', 'transport' => 'stream', 'session' => ''];
    $words = [];
    foreach ($argv as $word) {
        if (!$words && preg_match('/^--([a-z]+)(?:=(.*))?$/', $word, $part)) {
            if (!isset($options[$part[1]])) {
                throw new Usage("unknown option --{$part[1]}");
            }
            $options[$part[1]] = $part[2] ?? 'on';
        } else {
            $words[] = $word;
        }
    }
    if (count($words) < 4) {
        throw new Usage('[--out=xml|bjson|xjson] [--ca=FILE] [--lang=en|ru] [--timeout=SECONDS] [--transport=stream|curl] [--session]'
            . ' URL USER PASSWORD_VARIABLE COMMAND [k=v ...]; commands: ' . implode(' ', Commands::names()));
    }
    $args = [];
    foreach (array_slice($words, 4) as $word) {
        if (strpos($word, '=') < 1) {
            throw new Usage("'$word' is not k=v");
        }
        list($name, $value) = explode('=', $word, 2);
        $args[$name] = $value;
    }
    return [$options, $words[0], $words[1], $words[2], $words[3], $args];
}

function makeClient(array $options, $url, $user, $variable, $command)
{
    $password = getenv($variable);
    if ($password === false) {
        throw new Usage("the variable $variable is not set");
    }
    $format = $options['out'] ?: (DEFAULT_FORMATS[$command] ?? 'xml');
    if (!isset(FORMATS[$format])) {
        throw new Usage("--out is one of " . implode(', ', array_keys(FORMATS)));
    }
    $transport = $options['transport'] === 'curl' ? 'CurlTransport' : 'StreamTransport';
    $class = FORMATS[$format];
    return new $class(
        $url,
        $user,
        $password,
        new $transport($options['ca'], (int)$options['timeout']),
        $options['lang'],
        $options['session'] !== ''
    );
}

function finish($result, $code)
{
    echo json_encode($result, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    exit($code);
}

try {
    list($options, $url, $user, $variable, $command, $args) = readCommandLine(array_slice($argv, 1));
    $client = makeClient($options, $url, $user, $variable, $command);
    finish((new Commands($client, $args))->run($command), 0);
} catch (Usage $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    finish(['error' => ['type' => 'usage', 'msg' => $error->getMessage()]], 2);
} catch (Refusal $refusal) {
    finish(['error' => $refusal->toArray()], 1);
} catch (OutcomeUnknown $unknown) {
    finish(['error' => ['type' => 'unknown', 'msg' => $unknown->getMessage()]], 3);
}
