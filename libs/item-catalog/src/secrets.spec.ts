import { isSecretItem, listItems } from './index.js';

describe('isSecretItem', () => {
  it('knows every secret of the catalogue', () => {
    const secrets = listItems()
      .filter((item) => item.secret)
      .map((item) => item.name);
    expect(secrets).toHaveLength(23);
    expect(secrets.filter((name) => !isSecretItem(name))).toEqual([]);
    expect(secrets).toEqual(expect.arrayContaining(['sip-pwd', 'user-pwd', 'bootstrapping-tan', 'cloud-pin-value']));
  });

  it('counts user data that holds the Bluetooth PIN as secret', () => {
    expect(isSecretItem('userdata-vu1')).toBe(true);
  });

  it.each([
    'admin-pwd-status',
    'user-pwd-status',
    'user-pwd-expiry',
    'user-pwd-history',
    'user-pwd-lastchanged',
    'pwd-sequence-length',
    'pwd-retries',
    'pwd-min-reset-period',
    'min-admin-passw-length',
    'passw-char-set',
    'default-passw-policy',
    'fault-report-user-pwd',
    'fault-time-admin-pwd',
    'mobility-password-on-logoff',
    'max-pin-retries',
    'wbm-server-certificate-info',
    'dls-server-ca',
    'ldap-authentication',
  ])('%s is known to be no secret', (name) => {
    expect(isSecretItem(name)).toBe(false);
  });

  it.each([
    'SIP-PWD',
    'Sip-Pwd',
    'reg-password',
    'dl-lgo-password',
    'wlan-passphrase',
    'wlan-psk',
    'bt-new-pin',
    'new-tan',
    'snmp-community',
    'radius-secret',
    'sip_pwd_2',
    'adminPassword',
    'eap-private-key',
    'eap-client-certificate',
    'auth-token',
    'pwd-status-pwd',
    'pwd',
  ])('%s is unknown and secret by its name', (name) => {
    expect(isSecretItem(name)).toBe(true);
  });

  it.each([
    'guest-pwd-status',
    'guest-pwd-expiry-date',
    'guest-pwd-policy',
    'radius-certificate-info',
    'spinner-speed',
    'standby-mode',
    'keypad-lock',
    'bypass-mode',
    'display-name',
  ])('%s is unknown and no secret', (name) => {
    expect(isSecretItem(name)).toBe(false);
  });
});
