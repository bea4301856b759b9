import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { workOrderKindSchema } from '@opendls/event-contracts';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  pageSchema,
  parseBody,
  parseQuery,
  problem,
  Roles,
  zodToOpenApi,
  type Page,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DEVICE_ID_PARAM, deviceIdOf } from '../devices/device-id-param.js';
import { WORK_ORDER_STATES } from './domain/work-order.js';
import { orderRequestSchema } from './order-kinds/index.js';
import { ORDER_PROBLEMS, OrderError } from './orders.errors.js';
import { ORDER_EXAMPLE, ORDER_REQUEST_EXAMPLES } from './orders.examples.js';
import {
  createdOrderSchema,
  orderSchema,
  toOrder,
  type CreatedOrderResponse,
  type OrderResponse,
} from './orders.responses.js';
import { OrdersService } from './orders.service.js';
import { RequestOrders } from './request-orders.use-case.js';

const listQuerySchema = pageQuerySchema.extend({
  state: z.enum(WORK_ORDER_STATES).optional().describe('Only orders in this state'),
  kind: workOrderKindSchema.optional().describe('Only orders of this kind'),
});
const orderPosition = z.object({ createdAt: z.iso.datetime(), orderId: z.uuid() });
const bodySchema = z.looseObject({ kind: z.string().max(64), contact: z.boolean().default(false) });
const ORDER_ID_PARAM = { name: 'orderId', example: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22' };

/** Work orders of a phone: what policies and people want done, and what became of it. */
@ApiTags('config-policy: orders')
@Controller('config-policy/v1/devices/:deviceId/orders')
@ApiParam(DEVICE_ID_PARAM)
export class OrdersController {
  constructor(
    @Inject(OrdersService) private readonly orders: OrdersService,
    @Inject(RequestOrders) private readonly requests: RequestOrders,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'Work orders of a phone, newest first, with what the phone answered' })
  @apiQueries(listQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(orderSchema)) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async list(@Param('deviceId') deviceId: string, @Query() query: unknown): Promise<Page<OrderResponse>> {
    const { limit, cursor, state, kind } = parseQuery(listQuerySchema, query);
    const position = decodeCursor(orderPosition, cursor);
    const before = position && { createdAt: new Date(position.createdAt), orderId: position.orderId };
    const rows = await this.orders.list(deviceIdOf(deviceId), { state, kind }, before, limit);
    const page = pageOf(rows, limit, ({ createdAt, orderId }) => ({ createdAt, orderId }));
    return { ...page, items: page.items.map(toOrder) };
  }

  @Get(':orderId')
  @Roles('viewer')
  @ApiOperation({ summary: 'One work order: its state, its steps, and what the phone answered' })
  @ApiParam(ORDER_ID_PARAM)
  @ApiOkResponse({ schema: { ...zodToOpenApi(orderSchema), example: ORDER_EXAMPLE } })
  @ApiNotFoundResponse({ description: '`order-not-found`' })
  async get(@Param('deviceId') deviceId: string, @Param('orderId') orderId: string): Promise<OrderResponse> {
    return translated(async () => toOrder(await this.orders.get(deviceIdOf(deviceId), orderIdOf(orderId))));
  }

  @Post()
  @Roles('operator')
  @ApiOperation({
    summary: 'Order something for this phone, once',
    description:
      'Done at the next contact of the phone, after what earlier requests want. `contact: true` wakes the phone now.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key with the same body gives the same order (200), as long as orders are kept',
  })
  @ApiBody({ schema: zodToOpenApi(orderRequestSchema, 'input'), examples: ORDER_REQUEST_EXAMPLES })
  @ApiCreatedResponse({
    schema: zodToOpenApi(createdOrderSchema),
    headers: { Location: { schema: { type: 'string' } } },
  })
  @ApiOkResponse({ schema: zodToOpenApi(createdOrderSchema), description: 'The order that this key made before' })
  @ApiBadRequestResponse({ description: '`order-invalid` with every problem, `idempotency-key-invalid`' })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  @ApiConflictResponse({ description: '`idempotency-key-reused`, `too-many-open-orders`' })
  async create(
    @Param('deviceId') deviceIdText: string,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedOrderResponse> {
    const deviceId = deviceIdOf(deviceIdText);
    const { kind, contact: wantsContactNow, ...params } = parseBody(bodySchema, body);
    const by = request.apiKey?.id ?? 'unknown';
    const { order, isNew, warnings } = await translated(() =>
      this.requests.create({ deviceId, kind, params, wantsContactNow, by, idempotencyKey }),
    );
    const location = `/config-policy/v1/devices/${encodeURIComponent(deviceId)}/orders/${order.orderId}`;
    reply.status(isNew ? 201 : 200).header('location', location);
    return { ...toOrder(order), warnings: [...warnings] };
  }

  @Delete(':orderId')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Call off a request that no gateway has taken up; it stays in the list as `cancelled`' })
  @ApiParam(ORDER_ID_PARAM)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`order-not-found`, `device-not-found`' })
  @ApiConflictResponse({ description: '`order-not-cancellable`: it is under way, closed, or not a request' })
  async cancel(@Param('deviceId') deviceId: string, @Param('orderId') orderId: string): Promise<void> {
    await translated(() => this.requests.cancel(deviceIdOf(deviceId), orderIdOf(orderId)));
  }
}

function orderIdOf(text: string): string {
  const parsed = z.uuid().safeParse(text);
  if (!parsed.success) throw problem(ORDER_PROBLEMS, 'order-not-found');
  return parsed.data.toLowerCase();
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    const { problems } = error;
    const detail = problems.length > 0 ? `${problems.length} problem(s), see errors` : `${error.message}.`;
    throw problem(ORDER_PROBLEMS, error.code, {
      detail,
      cause: error,
      ...(problems.length > 0 ? { errors: problems } : {}),
    });
  }
}
