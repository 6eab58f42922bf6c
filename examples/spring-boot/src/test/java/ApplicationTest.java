import static org.mockito.Mockito.when;
import static org.springframework.http.MediaType.APPLICATION_OCTET_STREAM;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.util.List;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;

/** The web layer alone, without a model. */
@WebMvcTest
@ContextConfiguration(classes = Application.class) // a class without a package is not found
class ApplicationTest {

    @Autowired
    private MockMvc mvc;

    @MockitoBean
    private ImageClassifier things;

    @Test
    void answersWithTheMostProbableClassFirst() throws Exception {
        byte[] picture = {1, 2, 3};
        when(things.classify(picture))
                .thenReturn(List.of(new Prediction("chair", 0.9, true), new Prediction("lamp", 0.1, false)));
        mvc.perform(post("/classify").contentType(APPLICATION_OCTET_STREAM).content(picture))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$[0].label").value("chair"));
    }
}
