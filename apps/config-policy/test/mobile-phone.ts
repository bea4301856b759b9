import { seal } from '@opendls/crypto';
import { sealContext, type ContactOpened, type DeviceId, type ReportedItem } from '@opendls/event-contracts';
import { isSecretItem, itemKey } from '@opendls/item-catalog';
import { sealingKeys, type GatewayDouble } from './harness.js';
import { PhoneDouble } from './phone-double.js';

/** A phone where users log on and off, message by message (PROTOCOL 4.12). */
export class MobilePhone extends PhoneDouble {
  constructor(
    gateway: GatewayDouble,
    deviceId: string,
    readonly number: string,
  ) {
    super(gateway, deviceId, { 'sntp-addr': '', 'sip-user-id': '', 'display-id-unicode': '', 'sip-pwd': '' });
  }

  /** Step 1 to 4. */
  logOn(e164: string, password: string): Promise<string[]> {
    const userPassword = seal(sealingKeys, password, sealContext(this.deviceId, 'user-pwd'));
    const said = { ...this.said('0', e164), userPassword };
    return this.contact(said, 'opendls.gateway.inventory-changed');
  }

  /** Step 5 and 6. */
  startInterim(e164: string): Promise<string[]> {
    return this.contact(this.said('2', e164));
  }

  /** Step 7 to 10. */
  askForData(e164: string, names: string): Promise<string[]> {
    const wanted = { name: 'requested-items', value: names };
    return this.contact(this.said('0', e164, [wanted]), 'opendls.gateway.inventory-changed');
  }

  /** A logon from the typing to the restored data. */
  async wholeLogOn(e164: string, password: string): Promise<string[]> {
    return [
      ...(await this.logOn(e164, password)),
      ...(await this.startInterim(e164)),
      ...(await this.askForData(e164, 'userdata-vu1,userdata-phonebook,user-pwd')),
    ];
  }

  logOff(e164: string, modified: string): Promise<string[]> {
    const item = { name: 'modified-items', value: modified };
    return this.contact(
      { ...this.said('1', e164, [item]), configurationChanged: true },
      'opendls.gateway.inventory-changed',
    );
  }

  /** A start with nobody on it. */
  startAlone(): Promise<string[]> {
    return this.contact(this.said('1', this.number));
  }

  /** A start or another contact while somebody is on it. */
  startWith(e164: string): Promise<string[]> {
    return this.contact(this.said('0', e164));
  }

  setUserData(name: string, ...chunks: readonly string[]): void {
    for (const [at, value] of chunks.entries()) {
      this.items.set(itemKey(name, at + 1), { name, index: at + 1, value });
    }
  }

  override report(): ReportedItem[] {
    return [...this.items.values()].map(({ name, index, value }) => {
      if (name.startsWith('userdata-')) {
        const sealed = seal(sealingKeys, value, sealContext(this.deviceId, itemKey(name, index)));
        return { name, index, secret: true, sealed };
      }
      return isSecretItem(name) ? { name, index, secret: true } : { name, index, value };
    });
  }

  said(state: '0' | '1' | '2', e164: string, items: readonly ReportedItem[] = []): Partial<ContactOpened> {
    const { device } = this.opening({ deviceId: this.deviceId as DeviceId });
    return {
      device: { ...device, e164, basicE164: this.number },
      items: [{ name: 'sip-mobility-state', value: state }, { name: 'mobility-enabled', value: 'true' }, ...items],
    };
  }
}
