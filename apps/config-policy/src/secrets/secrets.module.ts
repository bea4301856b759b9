import { Module, type DynamicModule } from '@nestjs/common';
import { SecretsController } from './secrets.controller.js';
import { SecretsService } from './secrets.service.js';

/** The HTTP side of the secrets feature. */
@Module({})
export class SecretsModule {
  static register(service: SecretsService): DynamicModule {
    return {
      module: SecretsModule,
      controllers: [SecretsController],
      providers: [{ provide: SecretsService, useFactory: () => service }],
    };
  }
}
