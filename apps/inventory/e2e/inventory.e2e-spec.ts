import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { PublishError, type SubscribeOptions, type Subscription } from '@opendls/event-bus';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase } from '@opendls/testing-postgres';
import { after, anOpening, contactIdOf, deviceIdOf, recordOf } from '../test/device-events.js';
import { startTestService, until, type TestService } from '../test/test-service.js';
import { createInventory } from '../src/index.js';

const LIST = '/inventory/v1/devices';
let service: TestService;

afterEach(() => service.close());

function statusIs(status: number): (answer: { readonly status: number }) => boolean {
  return (answer) => answer.status === status;
}

describe('the inventory', () => {
  it('puts poison aside and goes on', async () => {
    service = await startTestService();
    const broken = { ...recordOf(anOpening({ deviceId: deviceIdOf(1) })), value: '{"half":' };
    const unwritable = anOpening({ deviceId: deviceIdOf(9), device: { e164: '\u0000' } });
    await service.bus.publish([broken]);
    await service.publish(unwritable, anOpening({ deviceId: deviceIdOf(1), contactId: contactIdOf('2') }));
    await until(() => service.get(`${LIST}/${deviceIdOf(1)}`), statusIs(200));
    const dead = await until(
      async () => service.bus.records('gateway.device.v1.dlq.inventory.devices'),
      (records) => records.length === 2,
    );
    const texts = dead.map(({ value }) => new TextDecoder().decode(value ?? undefined));
    expect(new Set(texts)).toEqual(new Set(['{"half":', recordOf(unwritable).value]));
    const metrics = (await service.get('/metrics')).text;
    expect(metrics).toContain('opendls_inventory_events_total{outcome="rejected",type="device-started"} 2');
    expect(metrics).toContain('opendls_inventory_events_total{outcome="recorded",type="device-started"} 1');
  });

  it('is not ready without its database, and catches up once it is back', async () => {
    service = await startTestService();
    await until(() => service.call('GET', '/health/ready', null), statusIs(200));
    service.link.cut();
    await service.publish(anOpening({ deviceId: deviceIdOf(2) }));
    expect((await service.get(LIST)).body).toMatchObject({ status: 503, code: 'database-unavailable' });
    const down = await until(() => service.call('GET', '/health/ready', null), statusIs(503));
    expect(down.body.checks).toContainEqual({ name: 'database', status: 'failing' });
    service.link.restore();
    await until(() => service.get(`${LIST}/${deviceIdOf(2)}`), statusIs(200));
    await until(() => service.call('GET', '/health/ready', null), statusIs(200));
    expect(service.bus.records('gateway.device.v1.dlq.inventory.devices')).toEqual([]);
  });

  it('keeps state events while the bus is down and publishes them afterwards', async () => {
    service = await startTestService();
    service.bus.failPublishing(new PublishError('unavailable', 'no broker'));
    const [record] = [recordOf(anOpening({ deviceId: deviceIdOf(3) }))];
    service.bus.log.append(record);
    await until(() => service.get(`${LIST}/${deviceIdOf(3)}`), statusIs(200));
    await until(() => service.call('GET', '/health/ready', null), statusIs(503));
    service.bus.failPublishing(undefined);
    await until(
      async () => service.bus.records('inventory.device.v1'),
      (records) => records.length === 1,
    );
    await until(() => service.call('GET', '/health/ready', null), statusIs(200));
  });

  it('says so when its consumer stopped for good', async () => {
    const bus = new CrashingBus();
    service = await startTestService(bus);
    bus.crash(new Error('the group is gone'));
    await expect(service.inventory.stopped).rejects.toThrow('the group is gone');
    const { body } = await until(() => service.call('GET', '/health/ready', null), statusIs(503));
    expect(body.checks).toContainEqual({ name: 'inventory-consumer', status: 'failing' });
  });

  it('takes up where it was after a restart', async () => {
    service = await startTestService();
    await service.publish(anOpening({ deviceId: deviceIdOf(4) }));
    await until(() => service.get(`${LIST}/${deviceIdOf(4)}`), statusIs(200));
    await service.inventory.stop();
    const again = new InMemoryEventBus({ log: service.bus.log });
    await service.publish(anOpening({ deviceId: deviceIdOf(4), contactId: contactIdOf('2'), at: after(3_600) }));
    const second = await createInventory({ databaseUrl: service.link.url, bus: again, logger: silentLogger() });
    await second.start();
    await until(
      async () => again.records('inventory.device.v1').map(({ value }) => new TextDecoder().decode(value ?? undefined)),
      (states) => states.some((state) => state.includes('"startUpCount":2')),
    );
    await second.stop();
    await again.close();
  });

  it('does not start on a database that is not migrated', async () => {
    service = await startTestService();
    const empty = await createTestDatabase();
    const options = { databaseUrl: empty.url, bus: service.bus, logger: silentLogger() };
    await expect(createInventory(options)).rejects.toMatchObject({ code: 'migrations-pending' });
    await empty.drop();
  });
});

/** A bus whose subscriptions can be made to end for good. */
class CrashingBus extends InMemoryEventBus {
  private reject!: (reason: Error) => void;
  private reason: Error | undefined;

  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const inner = await super.subscribe(options);
    return {
      stopped: new Promise((_, reject) => (this.reject = reject)),
      checkHealth: () => {
        if (this.reason) throw this.reason;
      },
      lag: () => inner.lag(),
      close: () => inner.close(),
    };
  }

  crash(reason: Error): void {
    this.reason = reason;
    this.reject(reason);
  }
}
