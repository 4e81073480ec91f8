import { expect } from 'chai';
import { whyNotLoaded } from '../../../operator/runtime/index.js';

describe('a module that cannot be loaded', () => {
  // Of Node.js before 22.18, which does not strip types.
  const unknownExtension = Object.assign(new TypeError('Unknown file extension ".ts" for /app/sandbox.ts'), {
    code: 'ERR_UNKNOWN_FILE_EXTENSION',
  });

  it('B-FRM-1 is told of TypeScript that is not compiled what to do', () => {
    for (const file of ['sandbox.ts', 'src/sandbox.mts', './a.cts', 'a.tsx'])
      expect(whyNotLoaded(file, unknownExtension)).to.equal(
        `${file} is TypeScript; compile it (npx tsc) and give the .js file that comes of it`,
      );
  });

  it('B-FRM-1 is told with the reason otherwise', () => {
    expect(whyNotLoaded('sandbox.ts', new Error('no such file'))).to.equal('sandbox.ts cannot be loaded: no such file');
    expect(whyNotLoaded('a.txt', unknownExtension)).to.contain('a.txt cannot be loaded: Unknown file extension');
  });
});
