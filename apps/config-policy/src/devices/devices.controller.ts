import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { complianceStateSchema, deviceIdFromIdentity, parseDeviceId, type DeviceId } from '@opendls/event-contracts';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  pageSchema,
  parseQuery,
  problem,
  Roles,
  zodToOpenApi,
  type Page,
} from '@opendls/http';
import { z } from 'zod';
import { DEVICE_PROBLEMS } from './devices.errors.js';
import {
  deviceSchema,
  deviceSummarySchema,
  orderSchema,
  toDevice,
  toDeviceSummary,
  toOrder,
  type DeviceResponse,
  type DeviceSummaryResponse,
  type OrderResponse,
} from './devices.responses.js';
import { DevicesService } from './devices.service.js';

const listQuerySchema = pageQuerySchema.extend({
  state: complianceStateSchema.optional().describe('Only phones in this state'),
});
const orderPosition = z.object({ createdAt: z.iso.datetime(), orderId: z.uuid() });
const DEVICE_ID = {
  name: 'deviceId',
  description: 'MAC address as 12 lower-case hex digits (with separators too), or `id-` and a name',
  example: '001ae8005301',
};

/** How far phones follow their policies. */
@ApiTags('config-policy: devices')
@Controller('config-policy/v1/devices')
@Roles('viewer')
export class ConfiguredDevicesController {
  constructor(@Inject(DevicesService) private readonly devices: DevicesService) {}

  @Get()
  @ApiOperation({ summary: 'List phones with their state; states follow policy changes within seconds' })
  @apiQueries(listQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(deviceSummarySchema)) })
  async list(@Query() query: unknown): Promise<Page<DeviceSummaryResponse>> {
    const { limit, cursor, state } = parseQuery(listQuerySchema, query);
    const rows = await this.devices.list({ state }, decodeCursor(z.string(), cursor), limit);
    const page = pageOf(rows, limit, ({ deviceId }) => deviceId);
    return { ...page, items: page.items.map(toDeviceSummary) };
  }

  @Get(':deviceId')
  @ApiOperation({ summary: 'One phone: desired items with their policies, and what differs, as of now' })
  @ApiParam(DEVICE_ID)
  @ApiOkResponse({ schema: zodToOpenApi(deviceSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async get(@Param('deviceId') deviceId: string): Promise<DeviceResponse> {
    return toDevice(await this.devices.get(deviceIdOf(deviceId)));
  }

  @Get(':deviceId/orders')
  @ApiOperation({ summary: 'Work orders of a phone, newest first, with what the phone answered' })
  @ApiParam(DEVICE_ID)
  @apiQueries(pageQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(orderSchema)) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async listOrders(@Param('deviceId') deviceId: string, @Query() query: unknown): Promise<Page<OrderResponse>> {
    const { limit, cursor } = parseQuery(pageQuerySchema, query);
    const position = decodeCursor(orderPosition, cursor);
    const before = position && { createdAt: new Date(position.createdAt), orderId: position.orderId };
    const rows = await this.devices.listOrders(deviceIdOf(deviceId), before, limit);
    const page = pageOf(rows, limit, ({ createdAt, orderId }) => ({ createdAt, orderId }));
    return { ...page, items: page.items.map(toOrder) };
  }
}

function deviceIdOf(text: string): DeviceId {
  const isMac = /^[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}$/i.test(text);
  const deviceId = isMac ? deviceIdFromIdentity(text) : parseDeviceId(text);
  if (deviceId === undefined) throw problem(DEVICE_PROBLEMS, 'device-id-invalid');
  return deviceId;
}
