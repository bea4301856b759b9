import { Module, type DynamicModule } from '@nestjs/common';
import { ChangePolicies } from './change-policies.use-case.js';
import { PoliciesController } from './policies.controller.js';
import { PoliciesService } from './policies.service.js';

/** The HTTP side of the policies feature. */
@Module({})
export class PoliciesModule {
  static register(parts: { readonly change: ChangePolicies; readonly service: PoliciesService }): DynamicModule {
    return {
      module: PoliciesModule,
      controllers: [PoliciesController],
      providers: [
        { provide: ChangePolicies, useFactory: () => parts.change },
        { provide: PoliciesService, useFactory: () => parts.service },
      ],
    };
  }
}
