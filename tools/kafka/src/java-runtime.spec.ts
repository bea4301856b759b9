import { findJava, parseJavaMajor } from './java-runtime.js';

describe('the Java runtime', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "25-ea" 2025-09-16', 25],
    ['something else', undefined],
  ])('reads the version out of %s', (text, major) => {
    expect(parseJavaMajor(text)).toBe(major);
  });

  it('says that there is none, and what to do', async () => {
    await expect(findJava({ JAVA_HOME: '/nowhere' })).rejects.toMatchObject({
      name: 'KafkaUnavailable',
      code: 'no-java',
      message: expect.stringContaining('KAFKA_BROKERS') as string,
    });
  });
});
