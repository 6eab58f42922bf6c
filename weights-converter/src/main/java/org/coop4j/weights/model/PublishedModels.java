package org.coop4j.weights.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * OpenAI's released models (CLIP paper, appendix F, tables 19 and 20) and the SHA-256 of their files, which are part of
 * the download addresses in openai/CLIP's {@code clip/clip.py}; and Meta's Perception Encoders ({@code
 * core/vision_encoder/config.py} of facebookresearch/perception_models), with the revisions of their repositories.
 */
public final class PublishedModels {
    static final Map<String, ClipConfig> CONFIGS = configs();

    /** Name, SHA-256 and, of Meta's files, the revision; there is no row of a model that cannot be downloaded. */
    private static final List<String[]> FILES =
            """
            RN50            afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762
            RN101           8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599
            RN50x4          7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd
            RN50x16         52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa
            RN50x64         be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c
            ViT-B/32        40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af
            ViT-B/16        5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f
            ViT-L/14        b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836
            ViT-L/14@336px  3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02
            PE-Core-T16-384 868f89f066b7c1ae51add02d2cb7b925fd051076282773f2ec3c71359fbdaf3b 8b4722741a516c18e7d311f158f13c600fea6c78
            PE-Core-S16-384 ccc8340a14ea3ebf557a288ba4ed4a5bc026ab98bb4da42fc745d44b4c5c5ffb aabf3b990573d8114ae6e501b4697106beac8f19
            PE-Core-B16-224 0a5c220aa083488e0fc9221f766dced8a576b7074662d9b9da923da1e8844fce a16450b46fef32363459920c2685a1b4ef13dcd9
            PE-Core-L14-336 0cdab5b338cbaa1e7a5dcd1b2fb4c9f4d5df1abd289564658edbab64a650e7e8 bafb0f76541d399057e980a25947f67acec76575
            """
                    .lines()
                    .map(row -> row.split(" +", -1))
                    .toList();

    private PublishedModels() {}

    private static Optional<String[]> file(int column, String value) {
        return FILES.stream().filter(file -> file[column].equals(value)).findFirst();
    }

    /** Returns the published name of the file with this SHA-256, such as {@code OpenAI ViT-B/32}. */
    static Optional<String> knownAs(String sha256) {
        return file(1, sha256).map(file -> (file.length > 2 ? "Meta " : "OpenAI ") + file[0]);
    }

    /** Returns the names of the models whose files are known by their SHA-256. */
    public static List<String> downloads() {
        return FILES.stream().map(file -> file[0]).toList();
    }

    /** Returns the revision of Meta's repository of a Perception Encoder; empty for other names. */
    public static Optional<String> revision(String name) {
        return file(0, name).filter(file -> file.length > 2).map(file -> file[2]);
    }

    /** Returns the SHA-256 of the file that was published under a name such as {@code ViT-B/32}. */
    public static Optional<String> sha256(String name) {
        return file(0, name).map(file -> file[1]);
    }

    private static Map<String, ClipConfig> configs() {
        Map<String, ClipConfig> all = new LinkedHashMap<>();
        all.put("RN50", resNet(1024, 224, List.of(3, 4, 6, 3), 64, 512));
        all.put("RN101", resNet(512, 224, List.of(3, 4, 23, 3), 64, 512));
        all.put("RN50x4", resNet(640, 288, List.of(4, 6, 10, 6), 80, 640));
        all.put("RN50x16", resNet(768, 384, List.of(6, 8, 18, 8), 96, 768));
        all.put("RN50x64", resNet(1024, 448, List.of(3, 15, 36, 10), 128, 1024));
        all.put("ViT-B/32", vit(512, 224, 32, 768, 12, 512));
        all.put("ViT-B/16", vit(512, 224, 16, 768, 12, 512));
        all.put("ViT-L/14", vit(768, 224, 14, 1024, 24, 768));
        all.put("ViT-L/14@336px", vit(768, 336, 14, 1024, 24, 768));
        all.put("PE-Core-T16-384", peCore(384, 16, 192, 12, text(32, 512, 12)));
        all.put("PE-Core-S16-384", peCore(384, 16, 384, 12, text(32, 512, 12)));
        all.put("PE-Core-B16-224", peCore(224, 16, 768, 12, text(32, 1024, 24)));
        all.put("PE-Core-L14-336", peCore(336, 14, 1024, 24, text(32, 1024, 24)));
        ClipConfig.PeCore pooling = new ClipConfig.PeCore(false, 8, 6144);
        ClipConfig.Vit giant = new ClipConfig.Vit(448, 14, 1536, 50, 16, 8960, pooling);
        all.put("PE-Core-G14-448", new ClipConfig(1280, giant, text(72, 1280, 24)));
        return Collections.unmodifiableMap(all);
    }

    private static ClipConfig vit(int embedDim, int imageSize, int patchSize, int width, int layers, int textWidth) {
        ClipConfig.Vit vision = new ClipConfig.Vit(imageSize, patchSize, width, layers, width / 64, 4 * width);
        return new ClipConfig(embedDim, vision, text(77, textWidth, 12));
    }

    private static ClipConfig peCore(int imageSize, int patchSize, int width, int layers, ClipConfig.Text text) {
        ClipConfig.PeCore pooling = new ClipConfig.PeCore(true, 8, 4 * width);
        ClipConfig.Vit vision = new ClipConfig.Vit(imageSize, patchSize, width, layers, width / 64, 4 * width, pooling);
        return new ClipConfig(text.width(), vision, text);
    }

    private static ClipConfig resNet(int embedDim, int imageSize, List<Integer> layers, int width, int textWidth) {
        ClipConfig.ResNet vision = new ClipConfig.ResNet(imageSize, layers, width, width * 32 / 64);
        return new ClipConfig(embedDim, vision, text(77, textWidth, 12));
    }

    private static ClipConfig.Text text(int contextLength, int width, int layers) {
        return new ClipConfig.Text(contextLength, 49408, width, width / 64, layers, 4 * width);
    }
}
