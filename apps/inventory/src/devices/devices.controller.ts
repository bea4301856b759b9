import { Controller, Delete, Get, HttpCode, Inject, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { parseDeviceId, type DeviceId, type InventoryDevice } from '@opendls/event-contracts';
import { apiQueries, decodeCursor, pageOf, parseQuery, problem, Roles, type Page } from '@opendls/http';
import { z } from 'zod';
import { DEVICES_PROBLEMS } from './devices.errors.js';
import {
  devicePositionSchema,
  filterOf,
  listContactsSchema,
  listDevicesSchema,
  listDigest,
  listItemsSchema,
} from './devices.requests.js';
import { RESPONSES, toContact, toItem, type ContactResponse, type ItemResponse } from './devices.responses.js';
import { DevicesService } from './devices.service.js';
import { deviceIdFromText } from './domain/device-id-text.js';
import { toInventoryDevice, type DeviceRecord } from './domain/device-record.js';
import { parseSort } from './domain/device-sort.js';
import { likePrefixOrGlob } from './domain/text-pattern.js';
import { RemoveDevice } from './remove-device.use-case.js';

const DEVICE_PARAM = {
  name: 'deviceId',
  description: 'The device id; a MAC address with colons or dashes, in any case, is taken for it',
  example: '001ae8005301',
};

/** The phones of the inventory. */
@ApiTags('inventory')
@Controller('inventory/v1/devices')
@Roles('viewer')
export class DevicesController {
  constructor(
    @Inject(DevicesService) private readonly devices: DevicesService,
    @Inject(RemoveDevice) private readonly removeDevice: RemoveDevice,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Lists phones', description: 'Filters are combined: a phone has to meet all of them.' })
  @apiQueries(listDevicesSchema)
  @ApiOkResponse({ description: 'A page of phones', schema: RESPONSES.devices })
  @ApiBadRequestResponse({ description: '`validation-failed`, `cursor-invalid`' })
  async list(@Query() input: unknown): Promise<Page<InventoryDevice>> {
    const query = parseQuery(listDevicesSchema, input);
    const sort = parseSort(query.sort);
    const digest = listDigest('devices', query);
    const position = decodeCursor(devicePositionSchema(digest, sort), query.cursor);
    const after = position && { sortKey: position.sortKey, deviceId: requireDeviceId(position.deviceId) };
    const rows = await this.devices.list({ filter: filterOf(query), sort, after, limit: query.limit });
    const page = pageOf(rows, query.limit, (last) => ({ list: digest, ...last.position }));
    return { ...page, items: page.items.map(({ device }) => visible(device)) };
  }

  @Get(':deviceId')
  @ApiOperation({ summary: 'One phone' })
  @ApiParam(DEVICE_PARAM)
  @ApiOkResponse({ description: 'The current record of the phone', schema: RESPONSES.device })
  @ApiBadRequestResponse({ description: '`device-id-invalid`' })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async get(@Param('deviceId') text: string): Promise<InventoryDevice> {
    return visible(await this.require(text));
  }

  @Get(':deviceId/items')
  @ApiOperation({
    summary: 'The items a phone reported',
    description: 'By name and index. Values of secrets are kept nowhere.',
  })
  @ApiParam(DEVICE_PARAM)
  @apiQueries(listItemsSchema)
  @ApiOkResponse({ description: 'A page of items', schema: RESPONSES.items })
  @ApiBadRequestResponse({ description: '`device-id-invalid`, `validation-failed`, `cursor-invalid`' })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async listItems(@Param('deviceId') text: string, @Query() input: unknown): Promise<Page<ItemResponse>> {
    const query = parseQuery(listItemsSchema, input);
    const device = await this.require(text);
    const list = listDigest(`items/${device.deviceId}`, query);
    const position = z.object({ list: z.literal(list), name: z.string(), itemIndex: z.int() });
    const after = decodeCursor(position, query.cursor);
    const namePattern = query.name && likePrefixOrGlob(query.name);
    const rows = await this.devices.listItems(device.deviceId, { namePattern, after, limit: query.limit });
    const page = pageOf(rows, query.limit, ({ name, itemIndex }) => ({ list, name, itemIndex }));
    return { ...page, items: page.items.map(toItem) };
  }

  @Get(':deviceId/contacts')
  @ApiOperation({ summary: 'The contacts of a phone, newest first' })
  @ApiParam(DEVICE_PARAM)
  @apiQueries(listContactsSchema)
  @ApiOkResponse({ description: 'A page of contacts', schema: RESPONSES.contacts })
  @ApiBadRequestResponse({ description: '`device-id-invalid`, `validation-failed`, `cursor-invalid`' })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async listContacts(@Param('deviceId') text: string, @Query() input: unknown): Promise<Page<ContactResponse>> {
    const query = parseQuery(listContactsSchema, input);
    const device = await this.require(text);
    const list = listDigest(`contacts/${device.deviceId}`, query);
    const position = z.object({
      list: z.literal(list),
      openedAt: z.iso.datetime(),
      contactNo: z.string().regex(/^\d{1,18}$/),
    });
    const after = decodeCursor(position, query.cursor);
    const before = after && { openedAt: new Date(after.openedAt), contactNo: after.contactNo };
    const rows = await this.devices.listContacts(device.deviceId, { before, limit: query.limit });
    const page = pageOf(rows, query.limit, ({ openedAt, contactNo }) => ({ list, openedAt, contactNo }));
    return { ...page, items: page.items.map(toContact) };
  }

  @Delete(':deviceId')
  @Roles('admin')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Removes a phone with its items and contacts',
    description:
      'Subscribers of the state topic get a tombstone. A phone that is still in use comes back with its next contact.',
  })
  @ApiParam(DEVICE_PARAM)
  @ApiNoContentResponse({ description: 'The phone is removed' })
  @ApiBadRequestResponse({ description: '`device-id-invalid`' })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async remove(@Param('deviceId') text: string): Promise<void> {
    if (!(await this.removeDevice.execute(requireDeviceId(text)))) throw problem(DEVICES_PROBLEMS, 'device-not-found');
  }

  private async require(text: string): Promise<DeviceRecord> {
    const device = await this.devices.find(requireDeviceId(text));
    if (device === undefined) throw problem(DEVICES_PROBLEMS, 'device-not-found');
    return device;
  }
}

function requireDeviceId(text: string): DeviceId {
  const deviceId = parseDeviceId(text) ?? deviceIdFromText(text);
  if (deviceId !== undefined) return deviceId;
  const detail = 'A device id is 12 hex digits, or id- and a name.';
  throw problem(DEVICES_PROBLEMS, 'device-id-invalid', { detail });
}

function visible(device: DeviceRecord): InventoryDevice {
  const shown = toInventoryDevice(device);
  // The stores return only phones whose opening was seen.
  if (shown === undefined) throw new Error('a device without an opening was read');
  return shown;
}
