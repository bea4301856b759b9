import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { complianceStateSchema } from '@opendls/event-contracts';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  pageSchema,
  parseQuery,
  Roles,
  zodToOpenApi,
  type Page,
} from '@opendls/http';
import { z } from 'zod';
import { DEVICE_ID_PARAM, deviceIdOf } from './device-id-param.js';
import {
  deviceSchema,
  deviceSummarySchema,
  toDevice,
  toDeviceSummary,
  type DeviceResponse,
  type DeviceSummaryResponse,
} from './devices.responses.js';
import { DevicesService } from './devices.service.js';

const listQuerySchema = pageQuerySchema.extend({
  state: complianceStateSchema.optional().describe('Only phones in this state'),
});

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
  @ApiParam(DEVICE_ID_PARAM)
  @ApiOkResponse({ schema: zodToOpenApi(deviceSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async get(@Param('deviceId') deviceId: string): Promise<DeviceResponse> {
    return toDevice(await this.devices.get(deviceIdOf(deviceId)));
  }
}
