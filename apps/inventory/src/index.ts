export { inventoryEnvironment } from './config.js';
export { createInventory, type InventoryOptions, type InventoryPart } from './create-inventory.js';
export { migrateInventory } from './data-source.js';
