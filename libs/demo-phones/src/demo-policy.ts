/** First MAC address of the demo phones: locally administered, so no real phone has it or one near it. */
export const DEMO_MAC_START = '02:00:5E:00:53:01';
export const DEMO_E164_START = '4989100501';
export const DEMO_POLICY_NAME = 'demo';

/** The sample policy: selects the demo phones only, so that trying things out never touches a real one. */
export const DEMO_POLICY = `apiVersion: opendls/v1
kind: Policy
metadata:
  name: ${DEMO_POLICY_NAME}
  description: Sample settings for the phones of --demo
spec:
  layer: site
  priority: 100
  select:
    macPrefix: ["02:00:5E:00:53"]
  items:
    # Seconds after a call in which the phone ignores requests to call; from the factory 300, for real phones a good value.
    - { name: dls-contact-interval, value: "5" }
    # Time: where from, and which zone (minutes from UTC).
    - { name: sntp-addr, value: ntp.example.org }
    - { name: sntp-tz-offset, value: "60" }
    - { name: auto-daylight-save, value: "true" }
    # Registration.
    - { name: reg-addr, value: sip.example.org }
    - { name: reg-port, value: "5060" }
    # Key 3 dials the reception; its items share an index and travel together.
    - { name: function-key-def, index: 3, value: "1" }
    - { name: select-dial, index: 3, value: "4989100500" }
    - { name: key-label-unicode, index: 3, value: Reception }
`;
