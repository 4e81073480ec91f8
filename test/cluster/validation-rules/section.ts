import { judge, type Change } from './judge.js';

/** A line of the document's section "Validation Rules". */
export interface Rule {
  readonly line: string;
  readonly refused: readonly {
    readonly change: Change;
    readonly says: RegExp;
    /** @default the path of the change */
    readonly fields?: readonly string[];
  }[];
  readonly accepted?: readonly Change[];
}

/** The tests of a section of the document's "Validation Rules", a test for each of its lines. */
export function describeSection(section: string, rules: readonly Rule[]): void {
  describe(`the validation rules of the CRD document: ${section}`, function () {
    this.timeout(60_000);
    const { expectAccepted, expectRefused } = judge();

    for (const { line, refused, accepted = [] } of rules) {
      it(`B-API-3 ${line}`, async () => {
        for (const { change, fields = [change[0]], says } of refused) await expectRefused([change], fields, says);
        for (const change of accepted) await expectAccepted(change);
      });
    }
  });
}
