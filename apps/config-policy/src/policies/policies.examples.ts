/** The policy of the API documentation. */
export const POLICY_EXAMPLE = {
  apiVersion: 'opendls/v1',
  kind: 'Policy',
  metadata: { name: 'berlin-lobby', description: 'Lobby phones in Berlin' },
  spec: {
    priority: 200,
    layer: 'site',
    select: { deviceType: 'OpenStage *', macPrefix: ['00:1A:E8'], e164: '49891*' },
    items: [
      { name: 'sntp-addr', value: 'ntp.example.org' },
      { name: 'function-key-def', index: 1, value: '1' },
      { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
    ],
  },
} as const;

/** The same in YAML. */
export const POLICY_EXAMPLE_YAML = `apiVersion: opendls/v1
kind: Policy
metadata: { name: berlin-lobby, description: Lobby phones in Berlin }
spec:
  priority: 200                     # higher wins within a layer
  layer: site                       # defaults < model < site < group < device
  select: { deviceType: "OpenStage *", macPrefix: ["00:1A:E8"], e164: "49891*" }
  items:
    - { name: sntp-addr, value: ntp.example.org }
    - { name: function-key-def, index: 1, value: "1" }
    - { name: sip-pwd, secretRef: "sip/{{e164}}" }
`;
