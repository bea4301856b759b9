/**
 * The FROM clause that reads many rows from one JSON parameter, as `r`. One statement with one parameter writes a whole
 * batch, however many rows it has.
 */
export function recordsetOf(columns: Readonly<Record<string, string>>, parameter = 1): string {
  const list = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  return `json_to_recordset($${parameter}::json) AS r(${list.join(', ')})`;
}
