import { Module, type DynamicModule } from '@nestjs/common';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';
import { RemoveDevice } from './remove-device.use-case.js';

/** What the HTTP side of the feature needs. */
export interface DevicesModuleOptions {
  readonly service: DevicesService;
  readonly removeDevice: RemoveDevice;
}

/** The HTTP side of the devices feature. */
@Module({})
export class DevicesModule {
  static register({ service, removeDevice }: DevicesModuleOptions): DynamicModule {
    return {
      module: DevicesModule,
      controllers: [DevicesController],
      providers: [
        { provide: DevicesService, useFactory: () => service },
        { provide: RemoveDevice, useFactory: () => removeDevice },
      ],
    };
  }
}
