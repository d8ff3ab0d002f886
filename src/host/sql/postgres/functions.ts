// The functions and types that a statement of a graft may name: those that compute a value from what they are given.
// Left out is what reads the server's files, runs text as SQL, tells of the server or its catalogs, waits, or makes
// values of any length from little.

const LISTS = {
  core:
    'abs ceil ceiling floor round trunc sign sqrt cbrt power pow exp ln log log10 mod div gcd lcm pi degrees ' +
    'radians sin cos tan asin acos atan atan2 random width_bucket greatest least nullif coalesce num_nulls ' +
    'num_nonnulls',
  texts:
    'lower upper initcap length char_length character_length octet_length bit_length left right substr ' +
    'substring position strpos trim btrim ltrim rtrim replace translate reverse overlay split_part ' +
    'starts_with concat concat_ws ascii chr to_hex md5 sha256 encode decode convert_to convert_from ' +
    'like_escape normalize is_normalized quote_literal regexp_replace regexp_match regexp_matches regexp_like ' +
    'regexp_count regexp_substr regexp_instr format to_char',
  dates:
    'now current_date age date_part date_trunc date_bin extract make_date make_time make_timestamp ' +
    'make_timestamptz make_interval to_timestamp to_date to_number timezone justify_days justify_hours ' +
    'justify_interval isfinite clock_timestamp statement_timestamp transaction_timestamp overlaps',
  aggregates:
    'count sum avg min max string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and ' +
    'bool_or every bit_and bit_or stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop ' +
    'covar_samp mode percentile_cont percentile_disc regr_slope regr_intercept any_value',
  windows: 'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value',
  json:
    'to_json to_jsonb row_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array ' +
    'json_typeof jsonb_typeof json_array_length jsonb_array_length json_extract_path json_extract_path_text ' +
    'jsonb_extract_path jsonb_extract_path_text jsonb_set jsonb_insert jsonb_strip_nulls jsonb_pretty ' +
    'jsonb_exists json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text ' +
    'json_each json_each_text jsonb_each jsonb_each_text json_object_keys jsonb_object_keys jsonb_path_query ' +
    'jsonb_path_exists jsonb_path_query_first',
  arrays:
    'unnest generate_series array_length array_upper array_lower cardinality array_position array_to_string ' +
    'string_to_array array_append array_prepend array_cat array_remove array_replace',
  others: 'gen_random_uuid',
};

export const POSTGRES_FUNCTIONS: ReadonlySet<string> = new Set(Object.values(LISTS).flatMap((list) => list.split(' ')));

export const POSTGRES_TYPES: ReadonlySet<string> = new Set(
  (
    'bool boolean int2 int4 int8 smallint integer bigint float4 float8 numeric decimal text varchar bpchar char date ' +
    'time timetz timestamp timestamptz interval json jsonb uuid bytea'
  ).split(' '),
);
