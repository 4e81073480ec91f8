import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { PRESETS, type Preset } from '../../../lib/presets/index.js';
import { policyOf } from './policies.js';

const pages = join(import.meta.dirname, '../../../docs/presets');

describe('presets', () => {
  for (const preset of PRESETS as readonly Preset[]) {
    const { name, purpose, metricsConfig, updateStrategy } = preset;

    it(`B-TRU-2 ${name} is fields of a valid policy`, () => {
      const { spec } = policyOf({ metricsConfig: { provider: 'prometheus', ...metricsConfig }, updateStrategy });
      expect(spec.metricsConfig).to.deep.include(metricsConfig);
    });

    it(`B-TRU-2 ${name} has a page that says what it is for, with exactly its fields to copy`, () => {
      const page = readFileSync(join(pages, `${name}.md`), 'utf8');
      expect(page.toLowerCase().replaceAll(/\s+/g, ' ')).to.include(`for ${purpose.toLowerCase()}`);
      const fields: unknown = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '');
      const empty = Object.keys(updateStrategy).length === 0;
      expect(fields).to.deep.equal({ metricsConfig, ...(empty ? {} : { updateStrategy }) });
      expect(readFileSync(join(pages, 'README.md'), 'utf8')).to.include(`[${name}](${name}.md)`);
    });
  }
});
