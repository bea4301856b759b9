import { Module, type DynamicModule } from '@nestjs/common';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { RequestOrders } from './request-orders.use-case.js';

/** The HTTP side of work orders. */
@Module({})
export class OrdersModule {
  static register(parts: { readonly requests: RequestOrders; readonly service: OrdersService }): DynamicModule {
    return {
      module: OrdersModule,
      controllers: [OrdersController],
      providers: [
        { provide: OrdersService, useFactory: () => parts.service },
        { provide: RequestOrders, useFactory: () => parts.requests },
      ],
    };
  }
}
