import { Module, type DynamicModule } from '@nestjs/common';
import { ConfiguredDevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';

/** The HTTP side of the devices feature. */
@Module({})
export class ConfiguredDevicesModule {
  static register(service: DevicesService): DynamicModule {
    return {
      module: ConfiguredDevicesModule,
      controllers: [ConfiguredDevicesController],
      providers: [{ provide: DevicesService, useFactory: () => service }],
    };
  }
}
