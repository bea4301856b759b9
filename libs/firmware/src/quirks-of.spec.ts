import { phoneFamilyOf, QUIRK_TABLE, quirksOf } from './index.js';

describe('phoneFamilyOf', () => {
  it.each([
    ['OpenStage 60', 'openstage'],
    ['OpenStage 20E', 'openstage'],
    ['OpenScape Desk Phone IP 55G', 'openstage'],
    ['OpenScape Desk Phone CP210', 'cp'],
    ['OpenScape Desk Phone CP 710', 'cp'],
    ['SomethingElse', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is %s', (deviceType, family) => expect(phoneFamilyOf(deviceType)).toBe(family));
});

describe('quirksOf', () => {
  it('knows firmware of the first years', () => {
    expect(quirksOf({ deviceType: 'OpenStage 40', softwareVersion: 'V1 R5.6.53' })).toMatchObject({
      legacyEntities: true,
      noChunkedResponses: true,
      sendSolicited: false,
      attachedChanges: false,
      numericFilePriority: true,
    });
  });

  it.each([
    ['V2 R1.0.0', { legacyEntities: false, noChunkedResponses: true, attachedChanges: false }],
    ['V2 R2.30.0', { noChunkedResponses: true, attachedChanges: true, sendSolicited: false }],
    ['V3 R1.0.0', { noChunkedResponses: false, faultFlags: true, sendSolicited: false }],
    ['V3 R2.99.0', { sendSolicited: false }],
    ['V3 R3.0.0', { sendSolicited: true }],
    ['3.5.12.0', { sendSolicited: true, attachedChanges: true, legacyEntities: false }],
  ])('knows where %s stands on OpenStage', (softwareVersion, expected) => {
    expect(quirksOf({ deviceType: 'OpenStage 60', softwareVersion })).toMatchObject(expected);
  });

  it('does not take a young CP phone for an old one because of its low version', () => {
    expect(quirksOf({ deviceType: 'OpenScape Desk Phone CP210', softwareVersion: 'V2 R0.11.0' })).toMatchObject({
      legacyEntities: false,
      noChunkedResponses: false,
      sendSolicited: true,
      attachedChanges: true,
      cookieAttributesEchoed: true,
      connectionPerMessage: true,
    });
  });

  it.each([undefined, '', 'Unknown'])('stays on the safe side when the version is %j', (softwareVersion) => {
    expect(quirksOf({ deviceType: 'OpenStage 40', softwareVersion })).toMatchObject({
      legacyEntities: false,
      noChunkedResponses: true,
      sendSolicited: false,
    });
    expect(quirksOf({ softwareVersion })).toMatchObject({ noChunkedResponses: true, sendSolicited: false });
  });

  it('has a source for every row', () => {
    for (const row of QUIRK_TABLE) expect(row.source).toMatch(/^\d+(\.\d+)*.* \(.+\)$/);
  });

  it('has a row for every quirk', () => {
    expect(Object.keys(quirksOf({})).toSorted()).toEqual(
      [...new Set(QUIRK_TABLE.map(({ quirk }) => quirk))].toSorted(),
    );
  });
});
