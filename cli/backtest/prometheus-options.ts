import { Option } from 'commander';
import { CONFIG_KEY, parsers, settingNames, type Setting, type SettingsTable } from '../../lib/kube/index.js';
import { PROMETHEUS_ACCESS_SETTINGS, PROMETHEUS_NAME_SETTINGS } from '../../lib/optipod/prometheus-settings.js';

/** What the operator can be told of its Prometheus that matters to a backtest: nothing of throttling is replayed. */
function settings(): SettingsTable {
  const { prometheusPeriodsMetric, prometheusThrottledPeriodsMetric, ...names } = PROMETHEUS_NAME_SETTINGS;
  return { ...PROMETHEUS_ACCESS_SETTINGS, ...names };
}

/** The operator's settings of Prometheus, and its settings file, as options of a command: the same names, the same meaning. */
export function prometheusOptions(): Option[] {
  const config = `${settingNames(CONFIG_KEY).flag} <file>`;
  return [
    ...Object.entries(settings()).map(([key, setting]) => optionOf(key, setting)),
    new Option(config, "a settings file of the operator, of which Prometheus' are used; with --prometheus"),
  ];
}

function optionOf(key: string, { parser, description, default: standard, secret }: Setting): Option {
  const { flag } = settingNames(key);
  // Known, so that whoever tries is told where secrets go.
  if (secret) return new Option(`${flag} [secret]`).hideHelp();
  const fallback = standard === undefined || parser === parsers.boolean ? '' : ` (default: ${standard})`;
  return new Option(parser === parsers.boolean ? flag : `${flag} <value>`, `${description}${fallback}`);
}

/**
 * What was given of these options, as the operator's command line has it.
 * @param given the command's options by their names
 */
export function prometheusArgv(given: object): string[] {
  const values = new Map(Object.entries(given as Readonly<Record<string, string | boolean | undefined>>));
  return [...Object.keys(settings()), CONFIG_KEY].flatMap((key) => {
    const value = values.get(key);
    return value === undefined ? [] : [`${settingNames(key).flag}=${value}`];
  });
}
