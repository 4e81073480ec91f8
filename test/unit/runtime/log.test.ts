import { expect } from 'chai';
import { createLogger } from '../../../operator/runtime/index.js';

describe('log', () => {
  it('is JSON lines with level, time and the fields of its children', () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    log.debug('not shown');
    log.child({ controller: 'mine' }).error({ err: new Error('why') }, 'failed');
    expect(lines).to.have.length(1);
    const line = JSON.parse(lines[0] ?? '') as { time: string; err: { message: string } };
    expect(line).to.deep.include({ level: 'error', controller: 'mine', msg: 'failed' });
    expect(line.err.message).to.equal('why');
    expect(new Date(line.time).toISOString()).to.equal(line.time);
    expect(line).not.to.have.any.keys('pid', 'hostname');
  });
});
