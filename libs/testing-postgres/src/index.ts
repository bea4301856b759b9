export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
export { startTestPostgres, type TestPostgres } from './test-server.js';
