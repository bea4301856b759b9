import { Module, type DynamicModule } from '@nestjs/common';
import { FileLinks } from '@opendls/file-links';
import { FileContentsController, FilesClock } from './file-contents.controller.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { StoreFile } from './store-file.use-case.js';

/** The HTTP side of the file store. */
@Module({})
export class FilesModule {
  static register(parts: {
    readonly service: FilesService;
    readonly storeFile: StoreFile;
    readonly links: FileLinks;
    readonly clock: () => Date;
  }): DynamicModule {
    return {
      module: FilesModule,
      controllers: [FilesController, FileContentsController],
      providers: [
        { provide: FilesService, useFactory: () => parts.service },
        { provide: StoreFile, useFactory: () => parts.storeFile },
        { provide: FileLinks, useFactory: () => parts.links },
        { provide: FilesClock, useFactory: (): FilesClock => ({ now: parts.clock }) },
      ],
    };
  }
}
