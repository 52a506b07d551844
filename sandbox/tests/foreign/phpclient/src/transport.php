<?php
/** Ways to send one form-encoded POST and get the body back. */
interface Transport
{
    public function post($url, array $fields);
}

class StreamTransport implements Transport
{
    private $caFile;
    private $timeout;

    public function __construct($caFile, $timeout)
    {
        $this->caFile = $caFile;
        $this->timeout = $timeout;
    }

    public function post($url, array $fields)
    {
        $ssl = ['verify_peer' => true, 'verify_peer_name' => true];
        if ($this->caFile !== '') {
            $ssl['cafile'] = $this->caFile;
        }
        $context = stream_context_create([
            'http' => [
                'method' => 'POST',
                'header' => "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n",
                'content' => http_build_query($fields),
                'timeout' => $this->timeout,
                'ignore_errors' => true,
                'follow_location' => 0,
            ],
            'ssl' => $ssl,
        ]);
        $body = @file_get_contents($url, false, $context);
        if ($body === false) {
            $last = error_get_last();
            throw new OutcomeUnknown($last ? $last['message'] : 'no answer');
        }
        $status = 0;
        foreach ($http_response_header as $line) {
            if (preg_match('~^HTTP/\S+ (\d+)~', $line, $part)) {
                $status = (int)$part[1];
            }
        }
        if ($status !== 200) {
            throw new OutcomeUnknown("HTTP $status");
        }
        return $body;
    }
}

class CurlTransport implements Transport
{
    private $caFile;
    private $timeout;

    public function __construct($caFile, $timeout)
    {
        $this->caFile = $caFile;
        $this->timeout = $timeout;
    }

    public function post($url, array $fields)
    {
        $curl = curl_init($url);
        curl_setopt_array($curl, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => http_build_query($fields),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => $this->timeout,
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_ENCODING => '',
        ]);
        if ($this->caFile !== '') {
            curl_setopt($curl, CURLOPT_CAINFO, $this->caFile);
        }
        $body = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        $text = curl_error($curl);
        curl_close($curl);
        if ($body === false) {
            throw new OutcomeUnknown($text);
        }
        if ($status !== 200) {
            throw new OutcomeUnknown("HTTP $status");
        }
        return $body;
    }
}
