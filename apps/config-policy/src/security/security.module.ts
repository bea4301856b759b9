import { Module, type DynamicModule } from '@nestjs/common';
import { SecureModeController } from './secure-mode.controller.js';
import { SecureModeService } from './secure-mode.service.js';
import { SecurityReportController } from './security-report.controller.js';
import { SecurityReportService } from './security-report.service.js';

/** The HTTP side of Secure Mode. */
@Module({})
export class SecurityModule {
  static register(secureMode: SecureModeService, reports: SecurityReportService): DynamicModule {
    return {
      module: SecurityModule,
      controllers: [SecureModeController, SecurityReportController],
      providers: [
        { provide: SecureModeService, useFactory: () => secureMode },
        { provide: SecurityReportService, useFactory: () => reports },
      ],
    };
  }
}
