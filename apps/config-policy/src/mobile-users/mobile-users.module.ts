import { Module, type DynamicModule } from '@nestjs/common';
import { PasswordHasher, type SealingKeys } from '@opendls/crypto';
import type { Logger } from '@opendls/logging';
import type { UnitOfWork } from '@opendls/postgres';
import type { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { SecretsService } from '../secrets/secrets.service.js';
import { LogonChecks } from './logon-checks.js';
import { MobileUsersController } from './mobile-users.controller.js';
import { MobileUsersService } from './mobile-users.service.js';
import { MobileUsersStore } from './mobile-users.store.js';
import { MobilityFeature } from './mobility-feature.js';
import { MobilityMetrics } from './mobility-metrics.js';

/** The HTTP side of mobile users. */
@Module({})
export class MobileUsersModule {
  static register(service: MobileUsersService): DynamicModule {
    return {
      module: MobileUsersModule,
      controllers: [MobileUsersController],
      providers: [{ provide: MobileUsersService, useFactory: () => service }],
    };
  }
}

export interface MobileUsersParts {
  readonly dataSource: DataSource;
  readonly unitOfWork: UnitOfWork;
  readonly secrets: SecretsService;
  readonly sealingKeys: SealingKeys;
  readonly metrics: Registry;
  readonly clock: () => Date;
  readonly logger: Logger;
}

/** Mobile users, wired: what the service takes from them. */
export interface MobileUsers {
  readonly rules: MobilityFeature;
  readonly module: DynamicModule;
  readonly store: MobileUsersStore;
}

export function createMobileUsers(parts: MobileUsersParts): MobileUsers {
  const { dataSource, unitOfWork, secrets, sealingKeys, metrics, clock, logger } = parts;
  const store = new MobileUsersStore(dataSource);
  const hasher = new PasswordHasher();
  const checks = new LogonChecks(store, hasher, sealingKeys, clock, logger);
  const counters = new MobilityMetrics(metrics);
  return {
    rules: new MobilityFeature({ store, checks, secrets, sealingKeys, logger, metrics: counters }),
    module: MobileUsersModule.register(new MobileUsersService(unitOfWork, store, hasher, sealingKeys, clock)),
    store,
  };
}
