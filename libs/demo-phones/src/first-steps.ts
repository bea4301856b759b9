/** What a person who just started a server can try, as commands that work when pasted. */
export function firstSteps(options: {
  readonly apiUrl: string;
  readonly phonesUrl: string;
  /** File with an API key. */
  readonly keyFile: string;
  /** A phone that is there, if any. */
  readonly deviceId?: string | undefined;
  readonly brokers?: readonly string[] | undefined;
}): string {
  const { apiUrl, phonesUrl, keyFile, deviceId, brokers } = options;
  const curl = `curl -s -H "Authorization: Bearer $(cat ${keyFile})"`;
  const orders = `${apiUrl}/config-policy/v1/devices/${deviceId ?? ''}/orders`;
  const lines = [
    'Try:',
    `  ${curl} '${apiUrl}/inventory/v1/devices?limit=5'`,
    ...(deviceId
      ? [
          `  ${curl} ${apiUrl}/config-policy/v1/devices/${deviceId}`,
          `  ${curl} ${apiUrl}/inventory/v1/devices/${deviceId}/contacts`,
          // The sample policy has a contact gap of seconds, so that the demo phone takes the request at once.
          `  ${curl} -H 'Content-Type: application/json' -d '{"kind":"read","items":[{"name":"sntp-addr"}],"contact":true}' ${orders}`,
          `  ${curl} ${orders}?limit=1    # state, steps, and what the phone answered`,
        ]
      : []),
    `  npm run simulate -- --url ${phonesUrl} --phones 20 --rate 10`,
    ...(brokers
      ? [`  npm run kafka -- consume --topic gateway.device.v1 --from-beginning --brokers ${brokers.join(',')}`]
      : []),
    `API documentation: ${apiUrl}/docs`,
  ];
  return lines.join('\n');
}
