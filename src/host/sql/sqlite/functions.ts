// The functions that a statement of a graft may call: those that compute a value from what they are given. Left out is
// what reads a file, loads code, tells of the library, or belongs to an extension for searching.

const LISTS = {
  core:
    'abs char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely ' +
    'lower ltrim max min nullif octet_length printf quote random randomblob replace round rtrim sign soundex ' +
    'substr substring total_changes trim typeof unhex unicode unistr unistr_quote unlikely upper zeroblob',
  dates: 'current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch',
  math:
    'acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi ' +
    'pow power radians sin sinh sqrt tan tanh trunc',
  aggregates: 'avg count group_concat median percentile percentile_cont percentile_disc string_agg sum total',
  windows: 'cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number',
  json:
    '-> ->> json json_array json_array_insert json_array_length json_error_position json_extract ' +
    'json_group_array json_group_object json_insert json_object json_patch json_pretty json_quote json_remove ' +
    'json_replace json_set json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract ' +
    'jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace ' +
    'jsonb_set',
};

export const FUNCTIONS: ReadonlySet<string> = new Set(Object.values(LISTS).flatMap((list) => list.split(' ')));

/** Tables that functions make of their arguments. */
export const TABLE_FUNCTIONS: readonly string[] = ['json_each', 'json_tree'];
