import type { DlsAction, DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import type { PhoneBehaviour, PhoneEffect, PhoneIdentity, PhoneInput, PhoneState } from './index.js';
import { newPhone, personalityOf, stepPhone } from './index.js';

const AT_MS = Date.parse('2024-09-17T08:41:07Z');

/** Drives the machine by hand and keeps what it wanted done. */
class Driver {
  state: PhoneState;
  effects: readonly PhoneEffect[] = [];

  constructor(options: Partial<PhoneIdentity & PhoneBehaviour> = {}) {
    this.state = newPhone({ macAddress: '00:1A:E8:00:53:01', e164: '4989100231', seed: 3, ...options });
  }

  take(input: PhoneInput): this {
    ({ state: this.state, effects: this.effects } = stepPhone(this.state, input));
    return this;
  }

  boot(): this {
    return this.take({ kind: 'powered-on' });
  }

  answer(action: DlsAction | 'unknown', items?: readonly Item[], atMs = AT_MS): this {
    const message: DlsMessage = { kind: 'dls', nonce: this.sent.nonce, action, ...(items ? { items } : {}) };
    return this.take({ kind: 'answered', message, atMs });
  }

  /** Boots and gets the first interaction over with. */
  settle(): this {
    return this.boot().answer('ReadAllItems').answer('CleanUp');
  }

  get sent(): WorkpointMessage {
    if (!this.state.contact) throw new Error('no interaction is open');
    return this.state.contact.message;
  }

  get kinds(): string[] {
    return this.effects.map(({ kind }) => kind);
  }

  sentValue(name: string): string | undefined {
    return this.sent.items.find((item) => item.name === name)?.value;
  }
}

const overload: readonly Item[] = [{ name: 'cleanup-reason', value: 'overload' }];
const comeBack: readonly Item[] = [{ name: 'send-solicited', value: 'true' }];
const someItem: readonly Item[] = [{ name: 'reg-addr', value: 'sip.example.net' }];

describe('a phone', () => {
  describe('initial messages', () => {
    it('sends the basic items on start-up, current firmware', () => {
      const phone = new Driver().boot();
      expect(phone.kinds).toEqual(['contact-opened', 'send']);
      expect(phone.sent).toMatchObject({ reason: 'start-up', maxItems: -1, fragment: 'final' });
      expect(phone.sent.nonce).toMatch(/^[0-9A-F]{32}$/);
      expect(phone.sent.items.map(({ name }) => name)).toEqual([
        'device-type',
        'related-device-type',
        'gigabit-ethernet-enabled',
        'software-type',
        'related-software-type',
        'software-version',
        'related-software-version',
        'contact-me-uri',
        'mac-addr',
        'configuration-changed-flag',
        'part-number',
        'backlight-type',
        'sip-mobility-state',
        'e164',
        'bootstrapping-tan',
        'basic-e164',
        'mobility-enabled',
        'slog-archive-me',
        'fault-report-slog-entry',
        'fault-time-slog-entry',
        'fault-report-admin-pwd',
        'fault-time-admin-pwd',
        'fault-report-user-pwd',
        'fault-time-user-pwd',
        'cloud-pin-value',
      ]);
    });

    it('sends no maxItems, unreadable items and the user password with old firmware', () => {
      const phone = new Driver({ personality: personalityOf('openstage-40-v1') }).boot();
      expect(phone.sent.maxItems).toBeUndefined();
      expect(phone.sent.items).toContainEqual({ name: 'gigabit-ethernet', value: '', status: 'failed' });
      expect(phone.sent.items).toContainEqual({ name: 'user-pwd', value: '000000' });
      expect(phone.sent.items).toContainEqual({ name: 'user-pwd-unicode', value: '', status: 'failed' });
      expect(phone.sentValue('software-version')).toBeUndefined();
    });

    it('attaches what changed locally', () => {
      const phone = new Driver().settle();
      const items = [
        { name: 'display-brightness', value: '4' },
        { name: 'key-label-unicode', index: 3, value: 'Empfang' },
      ];
      phone.take({ kind: 'changed-locally', items });
      expect(phone.sent.reason).toBe('local-changes');
      expect(phone.sentValue('configuration-changed-flag')).toBe('true');
      expect(phone.sentValue('configuration-attached-flag')).toBe('true');
      expect(phone.sentValue('configuration-attached-number')).toBe('2');
      expect(phone.sent.items.slice(-2)).toEqual(items);
      expect(phone.state.items.get('display-brightness')?.value).toBe('4');
    });

    it('attaches nothing before V2R2', () => {
      const phone = new Driver({ personality: personalityOf('openstage-40-v1') }).settle();
      phone.take({ kind: 'changed-locally', items: [{ name: 'display-brightness', value: '4' }] });
      expect(phone.sentValue('configuration-attached-flag')).toBeUndefined();
      expect(phone.sentValue('display-brightness')).toBeUndefined();
    });

    it('reports modules that were plugged in', () => {
      const phone = new Driver().settle();
      phone.take({ kind: 'inventory-changed', items: [{ name: 'key-modules', value: '1' }] });
      expect(phone.sent.reason).toBe('inventory-changes');
      expect(phone.sentValue('key-modules')).toBe('1');
    });

    it('keeps one nonce per flow when told so', () => {
      const phone = new Driver({ nonceStyle: 'per-flow' }).boot();
      const { nonce } = phone.sent;
      expect(phone.answer('ReadAllItems').sent.nonce).toBe(nonce);
      expect(phone.answer('CleanUp').boot().sent.nonce).not.toBe(nonce);
    });

    it('is the same phone for the same seed and another one for another', () => {
      const nonceOf = (nonceSeed: number) => new Driver({ nonceSeed }).boot().sent.nonce;
      expect(nonceOf(1)).toBe(nonceOf(1));
      expect(nonceOf(1)).not.toBe(nonceOf(2));
    });
  });

  describe('configuration-changed-flag', () => {
    const flagAtBoot = (phone: Driver) => phone.boot().sentValue('configuration-changed-flag');

    it('is true on a new phone until everything was read', () => {
      const phone = new Driver();
      expect(flagAtBoot(phone)).toBe('true');
      phone.answer('CleanUp');
      expect(flagAtBoot(phone)).toBe('true');
      phone.answer('ReadAllItems').answer('CleanUp');
      expect(flagAtBoot(phone)).toBe('false');
    });

    it('stays true when the reply met an overload', () => {
      const phone = new Driver().boot().answer('ReadAllItems').answer('CleanUp', overload);
      expect(phone.state.isConfigurationChanged).toBe(true);
      phone.take({ kind: 'waited' }).answer('CleanUp');
      expect(phone.state.isConfigurationChanged).toBe(false);
    });

    it('stays true until the last fragment was delivered', () => {
      const phone = new Driver({ fragmentBytes: 9000 }).boot().answer('ReadAllItems');
      while (phone.sent.fragment === 'next') {
        expect(phone.state.isConfigurationChanged).toBe(true);
        phone.answer('GetNextFragment');
      }
      expect(phone.answer('CleanUp').state.isConfigurationChanged).toBe(false);
    });

    it('stays false when the service writes', () => {
      const phone = new Driver().settle().boot().answer('WriteItems', someItem).answer('CleanUp');
      expect(phone.state.isConfigurationChanged).toBe(false);
    });

    it('is true after a local change until that was told with its items', () => {
      const phone = new Driver().settle();
      phone.take({ kind: 'changed-locally', items: [{ name: 'display-brightness', value: '4' }] });
      expect(phone.state.isConfigurationChanged).toBe(true);
      expect(phone.answer('CleanUp').state.isConfigurationChanged).toBe(false);
    });

    it('stays true after a local change that could not be told', () => {
      const phone = new Driver().settle();
      phone.take({ kind: 'changed-locally', items: [{ name: 'display-brightness', value: '4' }] });
      phone.take({ kind: 'failed', failure: { kind: 'connection', message: 'gone' } });
      expect(flagAtBoot(phone)).toBe('true');
    });

    it('stays true after a local change of old firmware until it is read', () => {
      const phone = new Driver({ personality: personalityOf('openstage-40-v1') }).settle();
      phone.take({ kind: 'changed-locally', items: [{ name: 'display-brightness', value: '4' }] }).answer('CleanUp');
      expect(phone.state.isConfigurationChanged).toBe(true);
    });
  });

  describe('reading', () => {
    it('tells secrets as real phones do, but nothing write-only', () => {
      const phone = new Driver({ items: [{ name: 'sip-pwd', value: 's3cret' }] }).boot();
      phone.answer('WriteItems', [{ name: 'admin-pwd', value: '654321' }]).answer('ReadAllItems');
      expect(phone.sentValue('sip-pwd')).toBe('s3cret');
      expect(phone.sentValue('user-pwd')).toBe('000000');
      expect(phone.sentValue('admin-pwd')).toBeUndefined();
      expect(phone.state.items.get('admin-pwd')?.value).toBe('654321');
    });

    it('fits the default settings into one message', () => {
      const phone = new Driver().boot().answer('ReadAllItems');
      expect(phone.sent.fragment).toBe('final');
      expect(Buffer.byteLength(encodeWorkpointMessage(phone.sent))).toBeLessThan(50_000);
    });

    it('answers item by item', () => {
      const wanted = [
        { name: 'e164', value: '' },
        { name: 'function-key-def', index: 2, value: '' },
        { name: 'function-key-def', index: 77, value: '' },
        { name: 'admin-pwd', value: '' },
        { name: 'no-such-item', value: '' },
      ];
      expect(new Driver().boot().answer('ReadItems', wanted).sent.items).toEqual([
        { name: 'e164', value: '4989100231' },
        { name: 'function-key-def', index: 2, value: '0' },
        { name: 'function-key-def', index: 77, value: '', status: 'failed' },
        { name: 'admin-pwd', value: '', status: 'failed' },
        { name: 'no-such-item', value: '', status: 'unknown item' },
      ]);
    });

    it('answers an indexed item without an index with all its instances', () => {
      const phone = new Driver().boot().answer('ReadItems', [{ name: 'codec-rank', value: '' }]);
      expect(phone.sent.items.map(({ index }) => index)).toEqual([1, 2, 3]);
    });

    it('cuts a long reply into fragments of the size it was given', () => {
      const phone = new Driver({ fragmentBytes: 5000 }).boot();
      const all = phone.answer('ReadItems', [{ name: 'mac-addr', value: '' }]).answer('ReadAllItems');
      const items: Item[] = [];
      for (;;) {
        expect(all.sent).toMatchObject({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted' });
        expect(Buffer.byteLength(encodeWorkpointMessage(all.sent))).toBeLessThanOrEqual(5000);
        items.push(...all.sent.items);
        if (all.sent.fragment === 'final') break;
        all.answer('GetNextFragment');
      }
      const whole = new Driver().boot().answer('ReadAllItems').sent.items;
      expect(items).toEqual(whole);
    });

    it('fails to give a fragment that does not exist', () => {
      expect(new Driver().boot().answer('GetNextFragment').sent).toMatchObject({
        action: 'GetNextFragment',
        status: 'failed',
      });
    });
  });

  describe('calls', () => {
    it('does not write during a call, but reads', () => {
      const phone = new Driver().take({ kind: 'call-started' }).boot().answer('WriteItems', someItem);
      expect(phone.sent).toMatchObject({ action: 'WriteItems', status: 'busy', items: [] });
      expect(phone.state.items.get('reg-addr')?.value).toBe('');
      expect(phone.answer('ReadAllItems').sent).toMatchObject({ status: 'accepted' });
    });

    it('can be busy for reading too', () => {
      const phone = new Driver({ isBusyForReads: true }).take({ kind: 'call-started' }).boot().answer('ReadAllItems');
      expect(phone.sent).toMatchObject({ action: 'ReadAllItems', status: 'busy' });
    });

    it('comes back once after the call, however often it was asked', () => {
      const phone = new Driver().take({ kind: 'call-started' }).boot().answer('CleanUp', comeBack);
      expect(phone.kinds).toEqual(['contact-closed']);
      phone.take({ kind: 'contact-me', atMs: AT_MS + 400_000 }).answer('CleanUp', comeBack);
      expect(phone.take({ kind: 'call-ended' }).kinds).toEqual(['contact-opened', 'send']);
      expect(phone.sent.reason).toBe('solicited');
      expect(phone.answer('CleanUp').kinds).toEqual(['contact-closed']);
    });

    it('stays silent after a plain CleanUp, and with firmware that does not know send-solicited', () => {
      const phone = new Driver().take({ kind: 'call-started' }).boot().answer('CleanUp');
      expect(phone.take({ kind: 'call-ended' }).effects).toEqual([]);
      const old = new Driver({ personality: personalityOf('openstage-40-v1') }).boot().answer('CleanUp', comeBack);
      expect(old.kinds).toEqual(['contact-closed']);
    });

    it('forgets to come back over a restart', () => {
      const phone = new Driver().take({ kind: 'call-started' }).boot().answer('CleanUp', comeBack);
      phone.take({ kind: 'contact-me', atMs: AT_MS + 400_000 }).answer('Restart');
      expect(phone.kinds).toEqual(['contact-closed', 'restart']);
      expect(phone.state).toMatchObject({ owesContact: false, isInCall: false, phase: 'off' });
    });
  });

  describe('ContactMe', () => {
    it('is ignored within the contact gap and while switched off', () => {
      const phone = new Driver();
      expect(phone.take({ kind: 'contact-me', atMs: AT_MS }).effects).toEqual([]);
      phone.settle();
      expect(phone.take({ kind: 'contact-me', atMs: AT_MS + 299_999 }).effects).toEqual([]);
      expect(phone.take({ kind: 'contact-me', atMs: AT_MS + 300_000 }).kinds).toEqual(['contact-opened', 'send']);
    });

    it('follows the gap the service has set', () => {
      const phone = new Driver()
        .boot()
        .answer('WriteItems', [{ name: 'dls-contact-interval', value: '10' }])
        .answer('CleanUp');
      expect(phone.take({ kind: 'contact-me', atMs: AT_MS + 10_000 }).kinds).toEqual(['contact-opened', 'send']);
    });

    it('waits for the open interaction to end, and counts once', () => {
      const phone = new Driver({ contactGapMs: 0 }).boot();
      phone.take({ kind: 'contact-me', atMs: AT_MS }).take({ kind: 'contact-me', atMs: AT_MS });
      expect(phone.effects).toEqual([]);
      expect(phone.answer('CleanUp').kinds).toEqual(['contact-closed', 'contact-opened', 'send']);
      expect(phone.answer('CleanUp').kinds).toEqual(['contact-closed']);
    });
  });

  describe('restarts', () => {
    it('resets to factory settings with a password only', () => {
      const reset = [{ name: 'restart-type', value: 'FactoryReset' }];
      const phone = new Driver().settle().boot().answer('WriteItems', someItem).answer('Restart', reset);
      expect(phone.sent).toMatchObject({ action: 'Restart', status: 'failed' });
      phone.answer('Restart', [...reset, { name: 'restart-password', value: 'anything' }]);
      expect(phone.effects.at(-1)).toEqual({ kind: 'restart', cause: 'factory-reset' });
      expect(phone.state.items.get('reg-addr')?.value).toBe('');
      expect(phone.boot().sentValue('configuration-changed-flag')).toBe('true');
    });
  });

  describe('deployments', () => {
    const software = [
      { name: 'file-https-base-url', value: 'https://198.51.100.10/os60.img' },
      { name: 'file-type', value: 'APP' },
      { name: 'file-sw-version', value: '3.5.12.0' },
      { name: 'file-priority', value: 'normal' },
    ];

    it('refuses software during a call unless it is urgent', () => {
      const phone = new Driver().take({ kind: 'call-started' }).boot().answer('SoftwareDeployment', software);
      expect(phone.sent).toMatchObject({ action: 'SoftwareDeployment', status: 'busy' });
      expect(phone.answer('SoftwareDeployment', software.slice(0, 3)).kinds).toEqual(['deploy']);
    });

    it('refuses software that is none', () => {
      const logo = [{ name: 'file-type', value: 'LOGO' }];
      expect(new Driver().boot().answer('SoftwareDeployment', logo).sent).toMatchObject({ status: 'failed' });
      expect(new Driver().boot().answer('FileDeployment').sent).toMatchObject({ status: 'failed' });
    });

    function afterDeployment(isOk: boolean, items: readonly Item[], isSoftware: boolean): Driver {
      const phone = new Driver().boot().answer(isSoftware ? 'SoftwareDeployment' : 'FileDeployment', items);
      const [effect] = phone.effects;
      if (effect?.kind !== 'deploy') throw new Error('nothing to deploy');
      const results = effect.jobs.map((job) => ({ job, isOk }));
      return phone.take({ kind: 'deployed', results, isSoftware, atMs: AT_MS });
    }

    it('restarts with new software, and reports when it could not be loaded', () => {
      expect(afterDeployment(true, software, true).kinds).toEqual(['contact-closed', 'restart']);
      const failed = afterDeployment(false, software, true);
      expect(failed.sent.reason).toBe('status');
      expect(failed.sentValue('file-deployment-status')).toBe('failed');
      expect(failed.state.softwareVersion).toBe('V3 R4.11.0');
    });

    it('lists a deployed file among its settings', () => {
      const logo = [
        { name: 'file-type', value: 'LOGO' },
        { name: 'file-name', value: 'logo.png' },
      ];
      const phone = afterDeployment(true, logo, false);
      expect(phone.sent.reason).toBe('status');
      expect(phone.answer('ReadAllItems').sent.items).toContainEqual({
        name: 'file-deployment-name',
        index: 1,
        value: 'logo.png',
      });
    });

    it('says nothing after several files, as the manual has it', () => {
      const files = [
        { name: 'file-name', index: 1, value: 'new.wav' },
        { name: 'file-type', index: 1, value: 'MOH' },
        { name: 'file-name', index: 2, value: 'old.png' },
        { name: 'file-action', index: 2, value: 'delete' },
      ];
      expect(afterDeployment(true, files, false).effects).toEqual([{ kind: 'contact-closed', end: 'FileDeployment' }]);
    });
  });

  describe('trouble', () => {
    it('repeats the same message after an overload', () => {
      const phone = new Driver().boot();
      const message = phone.sent;
      const [wait] = phone.answer('CleanUp', overload).effects;
      expect(wait).toMatchObject({ kind: 'wait' });
      expect(phone.take({ kind: 'waited' }).effects).toEqual([{ kind: 'send', message, isRepeat: true }]);
    });

    it('ends the interaction itself when the answer is unusable', () => {
      const failure = { kind: 'undecodable' as const, message: 'not-xml' };
      const phone = new Driver().boot().take({ kind: 'rejected', failure });
      expect(phone.sent).toMatchObject({ reason: 'clean-up', items: [{ name: 'cleanup-reason' }] });
      expect(phone.answer('WriteItems', someItem).effects).toEqual([
        { kind: 'contact-closed', end: 'clean-up', failure },
      ]);
      expect(phone.state.items.get('reg-addr')?.value).toBe('');
    });

    it('does not understand an unknown action', () => {
      expect(new Driver().boot().answer('unknown').sent.reason).toBe('clean-up');
    });

    it('is deaf to what does not fit its state', () => {
      const phone = new Driver();
      for (const input of [
        { kind: 'waited' } as const,
        { kind: 'call-ended' } as const,
        { kind: 'answered', message: { kind: 'dls', nonce: 'x', action: 'Restart' }, atMs: 0 } as const,
        { kind: 'deployed', results: [], isSoftware: true, atMs: 0 } as const,
        { kind: 'failed', failure: { kind: 'timeout', message: '' } } as const,
      ]) {
        expect(phone.take(input).effects).toEqual([]);
      }
    });
  });
});
