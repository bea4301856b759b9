/** Examples shared by the facts that open a contact. Frozen: changing one hides a broken promise to subscribers. */
export const minimalContactOpened = {
  contactId: 'c2f0b8a4d9e14a7f',
  deviceId: '001ae8005301',
  device: {
    macAddress: '00:1A:E8:00:53:01',
    deviceType: null,
    softwareType: null,
    softwareVersion: null,
    e164: null,
    basicE164: null,
    contactMeUri: null,
    partNumber: null,
  },
  configurationChanged: null,
  itemsAttached: false,
  items: [],
  maxItems: null,
  connection: { remoteAddress: '192.0.2.31', listener: 'default' as const, tlsVersion: null, tlsCipher: null },
  awaitingWork: false,
};

export const fullContactOpened = {
  ...minimalContactOpened,
  device: {
    macAddress: '00:1A:E8:00:53:01',
    deviceType: 'OpenStage 60',
    softwareType: 'Siemens SIP',
    softwareVersion: 'V3 R4.11.0',
    e164: '4989100231',
    basicE164: '4989100231',
    contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
    partNumber: 'S30817-S7403-A101-022',
  },
  configurationChanged: true,
  itemsAttached: true,
  items: [
    { name: 'display-brightness', value: '4' },
    { name: 'key-label-unicode', index: 3, value: 'Empfang' },
    { name: 'user-pwd', secret: true as const },
    { name: 'blf-modules', status: 'failed' },
  ],
  maxItems: -1,
  connection: {
    remoteAddress: '192.0.2.31',
    listener: 'default' as const,
    tlsVersion: 'TLSv1.3',
    tlsCipher: 'TLS_AES_256_GCM_SHA384',
  },
  awaitingWork: true,
};
