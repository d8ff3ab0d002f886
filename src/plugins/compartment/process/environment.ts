// The environment of a plugin's process. Nothing else of the host's gets there.

/** The whole environment of a plugin's process: the host's time zone and locale, as they are now. */
export const childEnvironment = (): Record<string, string> => {
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
  const zone = (timeZone as string | undefined) ?? process.env.TZ;
  return { LC_ALL: locale, ...(zone === undefined ? {} : { TZ: zone }) };
};
